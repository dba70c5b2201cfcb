/* The addresses that API keys are good for. */
#include "fcgi/auth/key.h"

#include "fcgi/server/app.h"

enum err auth_check_address(struct request *request, const char *face,
                            const struct api_key_secret **key)
{
    struct uuid public_key = (*key)->key.public_key;

    if (api_key_address_allowed((*key)->key.networks, request->remote))
        return ERR_OK;
    api_key_forget(&public_key);
    enum err rc = api_key_lookup(request->db, request->app->master_key, &public_key, face, key);
    if (rc != ERR_OK)
        return rc;
    return api_key_address_allowed((*key)->key.networks, request->remote) ? ERR_OK
                                                                          : ERR_ADDRESS_REFUSED;
}
