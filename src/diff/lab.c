#include "diff/lab.h"

#include <math.h>

static double linear_from_srgb(double value) {
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

void lab_fill_linear(double out_linear[256]) {
    for (int level = 0; level < 256; level++)
        out_linear[level] = linear_from_srgb(level / 255.0);
}

Lab lab_oklab(LinearRgb color) {
    double l = cbrt(0.4122214708 * color.red + 0.5363325363 * color.green + 0.0514459929 * color.blue);
    double m = cbrt(0.2119034982 * color.red + 0.6806995451 * color.green + 0.1073969566 * color.blue);
    double s = cbrt(0.0883024619 * color.red + 0.2817188376 * color.green + 0.6299787005 * color.blue);
    return (Lab){
        .l = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        .a = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        .b = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    };
}

/* CIE's exact fractions, (6/29)^3 and (29/3)^3 / 116: with their rounded ones of old the curve has a step. */
static double cielab_curve(double value) {
    const double end_of_line = 216.0 / 24389.0;
    return value > end_of_line ? cbrt(value) : (24389.0 / 27.0 * value + 16.0) / 116.0;
}

Lab lab_cielab(LinearRgb color) {
    double x = 0.4124564 * color.red + 0.3575761 * color.green + 0.1804375 * color.blue;
    double y = 0.2126729 * color.red + 0.7151522 * color.green + 0.0721750 * color.blue;
    double z = 0.0193339 * color.red + 0.1191920 * color.green + 0.9503041 * color.blue;
    double fx = cielab_curve(x / 0.95047), fy = cielab_curve(y), fz = cielab_curve(z / 1.08883);
    return (Lab){116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

double lab_distance(Lab p, Lab q) {
    double l = p.l - q.l, a = p.a - q.a, b = p.b - q.b;
    return sqrt(l * l + a * a + b * b);
}

static double radians(double degrees) {
    return degrees * (M_PI / 180);
}

static double power_7(double x) {
    double cube = x * x * x;
    return cube * cube * x;
}

/* What (4) and (17) have in common. */
static double saturation(double chroma) {
    const double power = power_7(chroma), power_of_25 = 6103515625.0;
    return sqrt(power / (power + power_of_25));
}

/* A colour by lightness, chroma and hue. */
typedef struct {
    double l, chroma, hue; /* hue in degrees, 0 to 360; 0 where there is no chroma */
} Lch;

/* (5) to (7): a is stretched, most for dull colours. */
static Lch stretch(Lab color, double factor) {
    double a = color.a * factor;
    double hue = a == 0 && color.b == 0 ? 0 : atan2(color.b, a) * (180 / M_PI);
    return (Lch){color.l, hypot(a, color.b), hue < 0 ? hue + 360 : hue};
}

/* (10), the way round the circle that is shorter. */
static double hue_difference(Lch p, Lch q) {
    if (p.chroma * q.chroma == 0)
        return 0;
    double difference = q.hue - p.hue;
    return difference > 180 ? difference - 360 : difference < -180 ? difference + 360 : difference;
}

/* (14) */
static double hue_mean(Lch p, Lch q) {
    double sum = p.hue + q.hue;
    if (p.chroma * q.chroma == 0)
        return sum;
    if (fabs(p.hue - q.hue) <= 180)
        return sum / 2;
    return sum < 360 ? (sum + 360) / 2 : (sum - 360) / 2;
}

/* (8) to (22) */
static double weigh(Lch p, Lch q) {
    double dl = q.l - p.l, dc = q.chroma - p.chroma;
    double dh = 2 * sqrt(p.chroma * q.chroma) * sin(radians(hue_difference(p, q) / 2));
    double l = (p.l + q.l) / 2, chroma = (p.chroma + q.chroma) / 2, hue = hue_mean(p, q);

    double t = 1 - 0.17 * cos(radians(hue - 30)) + 0.24 * cos(radians(2 * hue)) + 0.32 * cos(radians(3 * hue + 6)) -
               0.20 * cos(radians(4 * hue - 63));
    double from_blue = (hue - 275) / 25;
    double rotation = -sin(radians(60 * exp(-from_blue * from_blue))) * 2 * saturation(chroma);
    double from_middle = (l - 50) * (l - 50);
    double weighed_l = dl / (1 + 0.015 * from_middle / sqrt(20 + from_middle));
    double weighed_c = dc / (1 + 0.045 * chroma);
    double weighed_h = dh / (1 + 0.015 * chroma * t);
    return sqrt(weighed_l * weighed_l + weighed_c * weighed_c + weighed_h * weighed_h +
                rotation * weighed_c * weighed_h);
}

double lab_ciede2000(Lab p, Lab q) {
    double mean_chroma = (hypot(p.a, p.b) + hypot(q.a, q.b)) / 2;
    double factor = 1 + 0.5 * (1 - saturation(mean_chroma));
    return weigh(stretch(p, factor), stretch(q, factor));
}
