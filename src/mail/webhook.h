/* A release that is ready, good or bad is told to a build's webhook: JSON, signed with the build's secret. */
#pragma once

#include "mail/delivery.h"

/* A task of NOTICE_WEBHOOK_QUEUE. */
Deliver webhook_deliver;
