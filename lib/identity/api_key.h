/* API keys: made once, shown once, changed and revoked; and the worker's memory of the ones in use.
 */
#ifndef IDENTITY_API_KEY_H
#define IDENTITY_API_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "identity/role.h"

#define API_KEY_SECRET_SIZE 64      /* bytes of randomness in a secret */
#define API_KEY_SECRET_TEXT_SIZE 89 /* base64 and a NUL */
#define API_KEY_NETWORKS_MAX 1000   /* bytes of an address list as text */
#define API_KEY_MAX_NETWORKS 32     /* addresses or networks in it */
#define API_KEY_MAX_WALLET 20       /* the same for the viewer API (api wallet, B3) */

struct api_key {
    int64_t id;
    struct uuid public_key;
    int64_t user_id;
    char face[8];                            /* v1, desk, wallet */
    unsigned rights;                         /* bits of rights_of(face) */
    char networks[API_KEY_NETWORKS_MAX + 1]; /* CIDR list with commas; "" = any address */
    uint32_t version;                        /* rises with every change */
    int64_t created;                         /* unix seconds */
    int64_t last_used;                       /* unix seconds, to the minute for tonces; 0 = never */
    bool revoked;
};

/* The faces a key can be for, NULL-terminated. */
extern const char *const api_key_faces[];

/* Checks what a key is to be allowed, before anything is used up for it.
 * face      one of api_key_faces
 * rights    bits of rights_of(face), at least one
 * networks  addresses and networks with commas, as many as the face takes; "" for any
 * field     out, "rights" or "networks" (static) where it is refused
 * Returns ERR_INVALID. */
MUST_USE enum err api_key_check_access(const char *face, unsigned rights, const char *networks,
                                       const char **field);

/* Makes a key.
 * master    seals its secret
 * face      one of api_key_faces
 * rights    bits of rights_of(face), at least one
 * networks  as for api_key_check_access; stored in canonical form
 * out       out, the key
 * secret    out, base64 text, never to be had again; wipe it after use
 * field     out, "face", "rights" or "networks" (static) where that is refused
 * Returns ERR_INVALID, ERR_NOT_FOUND (no such user). */
MUST_USE enum err api_key_add(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t user_id,
                              const char *face, unsigned rights, const char *networks,
                              struct api_key *out, char secret[API_KEY_SECRET_TEXT_SIZE],
                              const char **field);

/* The user's own key that is not revoked. Returns ERR_NOT_FOUND. */
MUST_USE enum err api_key_find(struct db *db, int64_t user_id, const struct uuid *public_key,
                               struct api_key *out);

/* Changes rights and address list of the user's own key that is not revoked; holds from its next
 * call on.
 * face  of the key: see api_key_find
 * Parameters and ERR_INVALID as for api_key_add. Returns ERR_NOT_FOUND. */
MUST_USE enum err api_key_change(struct db *db, int64_t user_id, const struct uuid *public_key,
                                 const char *face, unsigned rights, const char *networks,
                                 const char **field);

/* Ends the user's own key at once and for good. Returns ERR_NOT_FOUND where they have no such key,
 * or it was ended before. */
MUST_USE enum err api_key_revoke(struct db *db, int64_t user_id, const struct uuid *public_key);

/* Calls `row` for each of the user's keys, newest first. */
MUST_USE enum err api_key_list(struct db *db, int64_t user_id,
                               void (*row)(void *arg, const struct api_key *key), void *arg);

/* True if `address` (text, IPv4 or IPv6) is in the list; an empty list holds every address. */
bool api_key_address_allowed(const char *networks, const char *address);

/* A key with its opened secret, as a worker remembers it (API_KEY_CACHE of them). */
struct api_key_secret {
    struct api_key key;
    char roles[ROLES_TEXT_SIZE]; /* of its user, with commas: it may do no more than they */
    uint8_t secret[API_KEY_SECRET_SIZE];
    size_t secret_len;
};

#define API_KEY_CACHE 512

/* The key of that id, from memory or from the database. Whether it is still as remembered is told
 * by api_key_use_nonce or api_key_use_tonce in the request's own packet: on ERR_KEY_CHANGED call
 * api_key_forget and ask again.
 * master  opens its secret
 * face    one of api_key_faces
 * out     out, owned by the memory: valid until the next call
 * Returns ERR_KEY_INVALID where there is none, it is revoked, for another face, or its user is
 * disabled; ERR_CRYPTO where its secret cannot be opened. */
MUST_USE enum err api_key_lookup(struct db *db, const uint8_t master[SEAL_KEY_SIZE],
                                 const struct uuid *public_key, const char *face,
                                 const struct api_key_secret **out);

/* Queues, by db_defer, what goes in front of a signed request's own statements: the check that the
 * key is as remembered and that its nonce is higher than every one before (tonce: within 10 s of
 * now, and never seen). The next statement gives ERR_KEY_CHANGED or ERR_NONCE_INVALID where not.
 * version   of the key as remembered
 * nonce     canonical digits of nonce_parse
 * tonce_us  microseconds since 1970 */
void api_key_use_nonce(struct db *db, int64_t id, uint32_t version, const char *nonce);
void api_key_use_tonce(struct db *db, int64_t id, uint32_t version, int64_t tonce_us);

/* The same for a token (identity/token.h), whose time the caller has checked.
 * nonce_ns  refused where one of that key had it before; 0: it may have been there, since the call
 *           changes nothing */
void api_key_use_token(struct db *db, int64_t id, uint32_t version, int64_t nonce_ns);

/* Drops what this process remembers about a key; nothing where it does not know it. */
void api_key_forget(const struct uuid *public_key);

/* The key of that id, to sign what its owner is told: a revoked one too, for it is the one that the
 * owner's shop goes by. Not remembered; wipe `out` after use. ERR_NOT_FOUND, ERR_CRYPTO. */
MUST_USE enum err api_key_signer(struct db *db, const uint8_t master[SEAL_KEY_SIZE], int64_t id,
                                 struct api_key_secret *out);

/* In which tables the nonces are. As they are made they are MyISAM's: written through at once, without the disk
 * flush of a commit, and not replicated by a cluster, where the floor of each key (api_key_floor, a few
 * seconds behind) stands in after a failover. In replicated ones no nonce is ever taken twice, and each signed
 * call waits for the disk.
 * wanted  as the configuration has it (replicate_nonces in [database])
 * wrong   out, how many tables are the other kind */
MUST_USE enum err api_key_nonces_check(struct db *db, bool wanted, int64_t *wrong);

/* Makes them all of that kind, as the schema's owner; nothing where they are. A signed call that comes
 * meanwhile may be forgotten: with workers stopped. */
MUST_USE enum err api_key_nonces_convert(struct db *owner, bool wanted);

#endif
