/* Following Ethereum: block by block behind the last one that was followed, back where the node has others. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "provider/ethereum.h"
#include "rail/ethereum.h"

struct follower {
    struct node node;
    uint64_t chain_id;
    bool checked;
    struct ethereum_book book;
    struct ethereum_assets assets;
    struct ethereum_paid paid;
};

static enum err follower_open(const struct config *config, struct text *problem, void **self)
{
    struct follower *follower = calloc(1, sizeof(*follower));

    *self = follower;
    if (follower == NULL)
        return ERR_NO_MEMORY;
    follower->chain_id = (uint64_t)config->provider_ethereum_chain_id;
    return node_ethereum(config, &follower->node, problem);
}

static void follower_close(void *self)
{
    struct follower *follower = self;

    if (follower == NULL)
        return;
    node_close(&follower->node);
    ethereum_book_free(&follower->book);
    ethereum_paid_free(&follower->paid);
    free(follower);
}

/* Begins with the newest block: nobody has an address on an older one. */
static enum err begin(struct follower *follower, struct db *db, uint64_t height)
{
    struct ethereum_block found;
    struct deposit_block first = {.height = height};

    enum err rc = ethereum_block(&follower->node.rpc, height, &found);
    if (rc != ERR_OK)
        return rc;
    memcpy(first.hash, found.hash, sizeof(first.hash));
    return deposit_begin(db, ETHEREUM_OUTSIDE, &first);
}

/* Gives blocks back until the last one is the node's as well.
 * last  in and out */
static enum err walk_back(struct follower *follower, struct db *db, struct deposit_block *last,
                          struct rail_followed *done)
{
    struct ethereum_block found;

    for (;;) {
        enum err rc = ethereum_block(&follower->node.rpc, last->height, &found);
        if (rc == ERR_OK && memcmp(found.hash, last->hash, sizeof(found.hash)) == 0)
            return ERR_OK;
        if (rc != ERR_OK && rc != ERR_NOT_FOUND)
            return rc;
        rc = deposit_give_block(db, ETHEREUM_OUTSIDE, last);
        if (rc == ERR_OK) {
            done->given_back++;
            log_line(LOG_LEVEL_WARNING, "block_gone", "rail=" ETHEREUM_OUTSIDE " height=%llu",
                     (unsigned long long)last->height);
        } else if (rc != ERR_DEPOSIT_MOVED) {
            return rc;
        }
        rc = deposit_last_block(db, ETHEREUM_OUTSIDE, last);
        if (rc != ERR_OK)
            return rc;
    }
}

/* Takes the block behind the last one. */
static enum err take_next(struct follower *follower, struct db *db, struct deposit_block *last,
                          struct rail_followed *done)
{
    struct ethereum_paid *paid = &follower->paid;

    enum err rc = ethereum_paid_read(&follower->node.rpc, last->height + 1, &follower->book,
                                     &follower->assets, paid);
    if (rc == ERR_OK)
        rc = deposit_take_block(db, ETHEREUM_OUTSIDE, &paid->block, paid->list, paid->count);
    if (rc != ERR_OK)
        return rc;
    *last = paid->block;
    done->blocks++;
    done->seen += paid->count;
    return ERR_OK;
}

/* Moves on to the chain's end; another copy may be faster, and the chain be reorganised meanwhile. */
static enum err walk_on(struct follower *follower, struct db *db, uint64_t height,
                        struct deposit_block *last, bool (*stopping)(void),
                        struct rail_followed *done)
{
    enum err rc = ERR_OK;

    while (rc == ERR_OK && last->height < height && !stopping()) {
        rc = take_next(follower, db, last, done);
        if (rc == ERR_DEPOSIT_MOVED)
            rc = deposit_last_block(db, ETHEREUM_OUTSIDE, last);
        if (rc == ERR_DEPOSIT_FORK)
            rc = walk_back(follower, db, last, done);
    }
    return rc == ERR_NOT_FOUND ? ERR_OK : rc; /* the chain has become shorter: next time */
}

static enum err credit(struct db *db, bool at_end, struct rail_followed *done)
{
    uint64_t count = 0;
    enum err rc = ERR_OK;

    if (at_end) {
        rc = deposit_pool(db, ETHEREUM_OUTSIDE, NULL, 0);
        if (rc == ERR_OK)
            rc = deposit_settle(db, ETHEREUM_OUTSIDE, &count);
        done->taken_back += count;
    }
    if (rc == ERR_OK)
        rc = deposit_complete(db, ETHEREUM_OUTSIDE, &count);
    done->credited += rc == ERR_OK ? count : 0;
    return rc;
}

static enum err follower_follow(void *self, struct db *db, bool (*stopping)(void),
                                struct rail_followed *done)
{
    struct follower *follower = self;
    struct deposit_block last = {0};
    uint64_t height = 0;

    enum err rc = ethereum_check_chain(&follower->node.rpc, follower->chain_id, &follower->checked);
    if (rc == ERR_OK)
        rc = ethereum_assets_read(db, &follower->assets);
    if (rc == ERR_OK)
        rc = ethereum_height(&follower->node.rpc, &height);
    if (rc ==
        ERR_OK) /* behind the height: whoever was paid in these blocks had an address before */
        rc = ethereum_book_read(&follower->book, db, ETHEREUM_OUTSIDE);
    if (rc == ERR_OK)
        rc = deposit_last_block(db, ETHEREUM_OUTSIDE, &last);
    if (rc == ERR_NOT_FOUND)
        return begin(follower, db, height);
    if (rc == ERR_OK)
        rc = walk_back(follower, db, &last, done);
    if (rc == ERR_OK)
        rc = walk_on(follower, db, height, &last, stopping, done);
    return rc == ERR_OK ? credit(db, last.height >= height, done) : rc;
}

const struct rail_watcher ethereum_watcher = {
    .name = "ethereum", .open = follower_open, .close = follower_close, .follow = follower_follow};
