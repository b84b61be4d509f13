/* What is behind a Db. */
#pragma once

#include "db/driver.h"

struct Db {
    DbPool *pool;
    const DbDriver *driver;
    void *connection;
    bool is_lost; /* not to be used again */
    bool in_transaction;
};
