/* What makes a cluster one that Teller can be run on. */
#include "watch/cluster.h"

#include "tests/unit/unit.h"

static void test_size(void)
{
    static const struct {
        int64_t size;
        bool holds;
    } rows[] = {{0, false}, {1, false}, {2, false}, {3, true}, {4, false}, {5, true}};

    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK("size", cluster_size_holds(rows[i].size) == rows[i].holds);
}

static void test_donor(void)
{
    static const struct {
        const char *donors;
        bool writes;
    } rows[] = {
        {"", true},      {",", true},    {"a", true},  {"a,b,", true},
        {"b,a,", false}, {"ab,", false}, {"b", false},
    };

    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        UNIT_CHECK(rows[i].donors, cluster_donor_writes(rows[i].donors, "a") == rows[i].writes);
}

static const struct test_case cases[] = {
    {"the size of a cluster", test_size},
    {"who gives a node its copy", test_donor},
    {NULL, NULL},
};
const struct test_suite suite_cluster = {.name = "cluster", .cases = cases};
