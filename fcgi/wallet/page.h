/* The pages of the viewer API's lists: the token of the next one says where it begins, and is good for this caller
 * and this list alone. */
#ifndef FCGI_WALLET_PAGE_H
#define FCGI_WALLET_PAGE_H

#include "fcgi/server/request.h"

#define PAGE_TOKEN_SIZE 33    /* characters and a NUL */
#define PAGE_LIMIT_DEFAULT 50 /* rows of a page */
#define PAGE_LIMIT_MAX 500

/* Makes the token of the page behind a row.
 * list  what is listed, with its filters: "withdrawals/on_chain/BTC"
 * id    of the last row that is shown
 * Returns ERR_CRYPTO. */
MUST_USE enum err page_token_make(const struct request *request, const char *list, int64_t id,
                                  char out[PAGE_TOKEN_SIZE]);

/* Reads one. ERR_INVALID, the field named, where it is not of this caller and list. ERR_CRYPTO.
 * token  "": the first page, *id is 0 */
MUST_USE enum err page_token_read(struct request *request, const char *list, const char *token,
                                  int64_t *id);

#endif
