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

/* SQLite lets one write at a time, and those who find it busy sleep for milliseconds before they look again. So who is of one
 * pool waits for his turn here, and goes on at once when it comes. False if it did not come in time. Other databases: always
 * at once. */
bool pool_take_turn(DbPool *pool);
void pool_end_turn(DbPool *pool);
