/* How many of something there may be at once, in all and for each who takes them. Kept in memory, for each server. Any thread. */
#pragma once

#include <stdbool.h>

typedef struct Places Places;

Places *places_new(int most, int most_each);

/* All must have been given back. */
void places_free(Places *places);

/* Takes one for who is called so; false if there is none for him. What was taken is given back. */
bool places_take(Places *places, const char *who);
void places_give_back(Places *places, const char *who);
