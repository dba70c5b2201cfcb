/* What the measuring programs share: a histogram of times, the list of keys to call with, and the
 * reading of numbers from the command line. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEASURE_STEP_US 10
#define MEASURE_STEPS 500000 /* five seconds; what takes longer counts as the last step */

struct measure {
    uint32_t steps[MEASURE_STEPS];
    uint64_t count;
    int64_t max_us;
};

/* Notes that something took `us` microseconds. */
static inline void measure_add(struct measure *measure, int64_t us)
{
    int64_t step = us / MEASURE_STEP_US;
    measure->steps[step < MEASURE_STEPS ? step : MEASURE_STEPS - 1]++;
    measure->count++;
    if (us > measure->max_us)
        measure->max_us = us;
}

/* Microseconds within which the share `part` (0 to 1) of all was done; 0 where there was none. */
static inline int64_t measure_quantile(const struct measure *measure, double part)
{
    uint64_t wanted = (uint64_t)((double)measure->count * part), seen = 0;
    for (int64_t i = 0; i < MEASURE_STEPS; i++) {
        seen += measure->steps[i];
        if (seen > wanted)
            return (i + 1) * MEASURE_STEP_US;
    }
    return measure->max_us;
}

/* Adds what `other` measured. */
static inline void measure_join(struct measure *measure, const struct measure *other)
{
    for (size_t i = 0; i < MEASURE_STEPS; i++)
        measure->steps[i] += other->steps[i];
    measure->count += other->count;
    if (other->max_us > measure->max_us)
        measure->max_us = other->max_us;
}

/* Prints the figures as the beginning of a JSON object, which the caller continues and closes.
 * seconds       of the time measured
 * acknowledged  answers in all, the ones before and after it too */
static inline void measure_print(const struct measure *measure, double seconds,
                                 uint64_t acknowledged)
{
    printf("{\"per_second\":%.1f,\"seconds\":%.2f,\"p50_us\":%lld,\"p99_us\":%lld,"
           "\"max_us\":%lld,\"acknowledged\":%llu,",
           seconds > 0 ? (double)measure->count / seconds : 0, seconds,
           (long long)measure_quantile(measure, 0.5), (long long)measure_quantile(measure, 0.99),
           (long long)measure->max_us, (unsigned long long)acknowledged);
}

#define BENCH_SECRET_MAX 96
#define BENCH_MAX_KEYS 256

/* One line of a file of keys: who calls, and which partner the call is about. One who pays has a
 * session's ticket for a key, and orders have the partner "any". */
struct bench_key {
    char public_key[40];
    char secret[BENCH_SECRET_MAX + 1]; /* base64 */
    long long id;                      /* api_key.id */
    unsigned version;                  /* api_key.version */
    long long user_id;
    char partner[33];
};

/* Ends the program with a message: a measurement that went wrong has no result. */
__attribute__((noreturn, format(printf, 1, 2))) static inline void bench_fail(const char *format,
                                                                              ...)
{
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

/* Reads "public_key secret id version user_id partner" lines. Returns how many; never zero. */
static inline size_t bench_read_keys(const char *path, struct bench_key keys[BENCH_MAX_KEYS])
{
    size_t count = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        bench_fail("%s: %s", path, strerror(errno));
    while (count < BENCH_MAX_KEYS &&
           fscanf(file, "%39s %96s %lld %u %lld %32s", keys[count].public_key, keys[count].secret,
                  &keys[count].id, &keys[count].version, &keys[count].user_id,
                  keys[count].partner) == 6)
        count++;
    fclose(file);
    if (count == 0)
        bench_fail("%s: no keys", path);
    return count;
}

/* A number of the command line, at least 0. */
static inline double bench_number(const char *text)
{
    char *end;
    double number = strtod(text, &end);
    if (*end != '\0' || end == text || number < 0)
        bench_fail("not a number: %s", text);
    return number;
}

#endif
