/* Where a run stands among those of its release, and what a list says of it: failures, then differences, those with the same
 * change together and the biggest first, then what waits, what is new, what is the same. */
#pragma once

#include "store/run.h"

typedef enum { ORDER_FAILED, ORDER_DIFFERENT, ORDER_PENDING, ORDER_NEW, ORDER_SAME } OrderRank;

enum { MOST_LIKENESS = 32, MOST_SUMMARY = 500 /* characters */ };

typedef struct {
    OrderRank rank;
    int64_t weight;         /* within the rank, the smallest first */
    int64_t changed_pixels; /* 0: none, or not known */
    char *likeness;         /* of what differs: the same for runs with the same change; else "" */
    char *summary;          /* of the change; NULL: there is none */
} RunOrder;

void run_order_clear(RunOrder *order);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunOrder, run_order_clear)

/* It follows from the status and the findings alone; approving moves nothing. Findings that nobody can read say nothing. */
void run_order_of(const Run *run, RunOrder *out);
