/* Colours in spaces where equal distances look about equally far: Oklab and CIELAB. Opaque sRGB only. Any thread. */
#pragma once

#include <stdint.h>

/* A colour in one of the two. Oklab: l is 0 (black) to 1 (white), a and b about -0.4 to 0.4. CIELAB: l is 0 to 100, a
 * and b about -110 to 110. */
typedef struct {
    double l, a, b; /* lightness, green to red, blue to yellow */
} Lab;

/* Linear light, 0 to 1. */
typedef struct {
    double red, green, blue;
} LinearRgb;

/* The linear light of each level of 8-bit sRGB, by the curve of IEC 61966-2-1. */
void lab_fill_linear(double out_linear[256]);

/* B. Ottosson, "A perceptual color space for image processing" (2020), with its matrices of 2021-01-25. */
Lab lab_oklab(LinearRgb color);

/* CIE 15, with the white of sRGB, D65 (0.95047, 1, 1.08883). */
Lab lab_cielab(LinearRgb color);

/* The Euclidean distance: in Oklab 0 to 1. About 0.02 is the least that people see, as CSS Color 4 has it. */
double lab_distance(Lab p, Lab q);

/* CIEDE2000 of two colours in CIELAB, 0 to about 120: G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference
 * formula: implementation notes, supplementary test data, and mathematical observations", Color Research and
 * Application 30(1), 2005; numbers in brackets in lab.c are its equations. kL, kC and kH are 1. About 1 is the least
 * that people see. */
double lab_ciede2000(Lab p, Lab q);
