#include "http/microhttpd.h"

Microhttpd mhd;
LIBRARY(mhd, MICROHTTPD_FUNCTIONS, "libmicrohttpd.so.12", "libmicrohttpd12");
