/* What the files of Ethereum's provider share: its values in JSON, written, and read strictly. */
#ifndef PROVIDER_ETHEREUM_JSON_H
#define PROVIDER_ETHEREUM_JSON_H

#include "provider/ethereum.h"

#define ETHEREUM_DATA_TEXT_MAX (32 << 10) /* bytes of data as text */

/* Each adds a member, or with key NULL an item. */
void ethereum_json_put_quantity(struct writer *params, const char *key, __int128 value);
void ethereum_json_put_data(struct writer *params, const char *key, struct bytes data);
void ethereum_json_put_address(struct writer *params, const char *key,
                               const struct ethereum_address *address);

/* Each gives ERR_NO_ANSWER where the value is not there, or is something else.
 * value  NULL: not there */
MUST_USE enum err ethereum_json_read_quantity(const struct value *value, __int128 most,
                                              __int128 *out);
MUST_USE enum err ethereum_json_read_u64(const struct value *value, uint64_t *out);
MUST_USE enum err ethereum_json_read_hash(const struct value *value,
                                          uint8_t out[ETHEREUM_HASH_SIZE]);
MUST_USE enum err ethereum_json_read_address(const struct value *value,
                                             struct ethereum_address *out);

#endif
