/* Configs as people may see them: without what logs in to somewhere. */
#pragma once

/* A config, which is JSON, without its secrets: values of cookies and of headers, what is typed, the password of an address wherever
 * one stands, and what has a name like that of a secret. What is of another form than workers understand is hidden as a whole. The
 * caller frees it. */
char *redact_config(const char *text);
