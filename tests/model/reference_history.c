/* The reference: fees by volume, and what trades are summed up in. */
#include "tests/model/reference.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define FEE_DAYS 30

static const int spans_s[REF_SPANS] = {60, 3600};

/* The fee schedule of the old exchange: volume of 30 days in whole items, thousandths of a percent. */
static const struct {
    int64_t volume;
    int fee;
} schedule[] = {
    {0, 600},      {100, 550},    {200, 530},    {500, 500},   {1000, 460},
    {2000, 430},   {5000, 400},   {10000, 350},  {25000, 300}, {50000, 290},
    {100000, 280}, {250000, 270}, {500000, 250},
};

int ref_fee(const struct ref *ref, unsigned user)
{
    const struct ref_volumes *volumes = &ref->volumes[user];
    int64_t today = ref->now_us / DAY_US;
    __int128 sum = 0;
    int fee = 0;

    for (size_t i = 0; i < volumes->count; i++)
        if (volumes->list[i].day > today - FEE_DAYS)
            sum += volumes->list[i].volume;
    for (size_t i = 0; i < sizeof(schedule) / sizeof(schedule[0]); i++)
        if (sum >= (__int128)schedule[i].volume * REF_ITEM_UNIT)
            fee = schedule[i].fee;
    return fee;
}

void ref_count_volume(struct ref *ref, unsigned user, int64_t day, __int128 amount)
{
    struct ref_volumes *volumes = &ref->volumes[user];

    for (size_t i = 0; i < volumes->count; i++)
        if (volumes->list[i].day == day) {
            volumes->list[i].volume += amount;
            return;
        }
    volumes->list = ref_grow(volumes->list, volumes->count, sizeof(volumes->list[0]));
    volumes->list[volumes->count++] = (struct ref_volume){.day = day, .volume = amount};
}

static void count_candle(struct ref_candles *candles, int64_t at, const struct ref_trade *trade)
{
    if (candles->count == 0 || candles->list[candles->count - 1].at != at) {
        candles->list = ref_grow(candles->list, candles->count, sizeof(candles->list[0]));
        candles->list[candles->count++] = (struct ref_candle){
            .at = at, .open = trade->price, .high = trade->price, .low = trade->price};
    }
    struct ref_candle *candle = &candles->list[candles->count - 1];
    candle->high = trade->price > candle->high ? trade->price : candle->high;
    candle->low = trade->price < candle->low ? trade->price : candle->low;
    candle->close = trade->price;
    candle->volume += trade->amount;
    candle->turnover += trade->amount * trade->price;
    candle->price_sum += trade->price;
    candle->trades++;
}

void ref_count(struct ref *ref, const struct ref_trade *trade)
{
    int64_t second = trade->tid / 1000000;

    for (unsigned span = 0; span < REF_SPANS; span++)
        count_candle(&ref->markets[trade->bid->market].candles[span],
                     second - second % spans_s[span], trade);
    ref_count_volume(ref, trade->bid->user, ref->now_us / DAY_US, trade->amount);
    ref_count_volume(ref, trade->ask->user, ref->now_us / DAY_US, trade->amount);
}
