/* libmicrohttpd, loaded when a server is started (base/library.h): it brings GnuTLS and what that needs. */
#pragma once

#include "base/library.h"

#include <microhttpd.h>

/* What we call of it; as in its own manual. */
#define MICROHTTPD_FUNCTIONS(F)                                                                                   \
    F(MHD_start_daemon)                                                                                           \
    F(MHD_quiesce_daemon)                                                                                         \
    F(MHD_stop_daemon)                                                                                            \
    F(MHD_get_daemon_info)                                                                                        \
    F(MHD_get_connection_info)                                                                                    \
    F(MHD_get_connection_values)                                                                                  \
    F(MHD_lookup_connection_value) F(MHD_create_post_processor) F(MHD_post_process) F(MHD_destroy_post_processor) \
        F(MHD_basic_auth_get_username_password) F(MHD_free) F(MHD_create_response_from_buffer)                    \
            F(MHD_create_response_from_callback)                                                                  \
            F(MHD_create_response_from_fd_at_offset64) F(MHD_add_response_header) F(MHD_queue_response)           \
                F(MHD_destroy_response)

typedef struct {
    MICROHTTPD_FUNCTIONS(LIBRARY_POINTER)
} Microhttpd;

/* Valid once mhd_library is loaded. */
extern Microhttpd mhd;
extern Library mhd_library;
