/* What the demo sites share: a FastCGI program that serves one request after the other. */
#ifndef DEMO_SITE_H
#define DEMO_SITE_H

#include <fcgiapp.h>
#include <stdbool.h>
#include <stddef.h>

/* A FastCGI parameter, "" where it is absent. */
const char *site_header(const FCGX_Request *request, const char *name);

bool site_is_post(const FCGX_Request *request);

/* Reads the whole body into the `room` bytes at `body` and ends it with a NUL.
 * len  out, its bytes; NULL where it is text
 * False where it does not fit. */
bool site_body(FCGX_Request *request, char *body, size_t room, size_t *len);

/* Answers with a JSON text. status  "200 OK" */
void site_reply(FCGX_Request *request, const char *status, const char *json);

/* Answers {"error": ..., "message": ...}. */
void site_refuse(FCGX_Request *request, const char *status, const char *error, const char *message);

/* Starts the libraries and serves until SIGTERM. name  for complaints on standard error
 * Returns the exit code of the program. */
int site_run(const char *name, void (*serve)(FCGX_Request *request));

#endif
