/* tellerctl, the operator's tool: finds the command in the table, reads its arguments, runs it. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/version.h"
#include "house/house.h"
#include "tools/tellerctl/ctl.h"

#define OPTION_VALUE_MAX 4096
#define GLOBAL_OPTIONS 4

enum {
    SHORT_CONFIG = 'c',
    SHORT_JSON = 'j',
    SHORT_HELP = 'h',
    SHORT_VERSION = 'v',
    FIRST_LONG = 256
};

static const struct ctl_command *const groups[] = {
    database_commands, user_commands,      key_commands,  money_commands,    partner_commands,
    merchant_commands, market_commands,    ipn_commands,  desk_commands,     desk_people_commands,
    wallet_commands,   payout_commands,    rail_commands, provider_commands, deposit_commands,
    signer_commands,   reconcile_commands,
};

#define EACH_COMMAND(command)                                                      \
    for (size_t group_ = 0; group_ < sizeof(groups) / sizeof(groups[0]); group_++) \
        for (const struct ctl_command *command = groups[group_]; command->group != NULL; command++)

static const struct option global_options[GLOBAL_OPTIONS] = {
    {"config", required_argument, NULL, SHORT_CONFIG},
    {"json", no_argument, NULL, SHORT_JSON},
    {"help", no_argument, NULL, SHORT_HELP},
    {"version", no_argument, NULL, SHORT_VERSION},
};

/* What the command line asks for. */
struct wish {
    bool help, version;
    const char *group; /* of help; NULL: all of it, or ctl->command's */
};

static void print_usage_line(const struct ctl_command *command)
{
    printf("  %s%s%s%s%s", command->group, command->verb != NULL ? " " : "",
           command->verb != NULL ? command->verb : "", command->args[0] != '\0' ? " " : "",
           command->args);
    for (const struct ctl_option *option = command->options; option->name != NULL; option++) {
        printf(option->required ? " --%s" : " [--%s", option->name);
        if (option->value != NULL)
            printf(" %s", option->value);
        printf("%s%s", option->required ? "" : "]", option->repeats ? "..." : "");
    }
    putchar('\n');
}

/* The commands of a group, or all where it is NULL. */
static void print_help(const char *group)
{
    puts("usage: tellerctl [--config FILE] [--json] COMMAND ...\n");
    EACH_COMMAND(command)
    {
        if (group == NULL || strcmp(command->group, group) == 0)
            print_usage_line(command);
    }
    puts("\nThe configuration is what --config names, else TELLER_CONFIG, else " CONFIG_DEFAULT_PATH
         ".\n`tellerctl COMMAND --help` says more.\n"
         "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.");
}

static void print_command_help(const struct ctl_command *command)
{
    printf("%s\n\n", command->help);
    print_usage_line(command);
    putchar('\n');
    for (const struct ctl_option *option = command->options; option->name != NULL; option++) {
        int width = printf("  --%s%s%s", option->name, option->value != NULL ? " " : "",
                           option->value != NULL ? option->value : "");
        printf("%*s  %s\n", width < 28 ? 28 - width : 0, "", option->help);
    }
    puts("  --config FILE               the configuration, in place of TELLER_CONFIG\n"
         "  --json                      results and errors as JSON");
}

/* The command that the words name, and how many words that took; NULL where there is none. */
static const struct ctl_command *find_command(int count, char **words, int *used)
{
    EACH_COMMAND(command)
    {
        if (count < 1 || strcmp(command->group, words[0]) != 0)
            continue;
        if (command->verb != NULL && (count < 2 || strcmp(command->verb, words[1]) != 0))
            continue;
        *used = command->verb == NULL ? 1 : 2;
        return command;
    }
    return NULL;
}

static bool is_group(const char *word)
{
    EACH_COMMAND(command)
    {
        if (strcmp(command->group, word) == 0)
            return true;
    }
    return false;
}

/* Takes one of the options that every command has; false for any other. */
static bool take_global(struct ctl *ctl, int found, struct wish *wish)
{
    switch (found) {
    case SHORT_CONFIG:
        ctl->config_path = optarg;
        return true;
    case SHORT_JSON:
        ctl->json = true;
        return true;
    case SHORT_HELP:
        wish->help = true;
        return true;
    case SHORT_VERSION:
        wish->version = true;
        return true;
    default:
        return false;
    }
}

/* Keeps an option's value; false where it was given before and may be given once only. */
static bool keep_option(struct ctl *ctl, size_t index, const char *value)
{
    struct text *kept = ctl->options[index];
    if (kept == NULL) {
        kept = calloc(1, sizeof(*kept));
        if (kept == NULL)
            abort();
        *kept = TEXT(OPTION_VALUE_MAX);
        ctl->options[index] = kept;
    } else if (!ctl->command->options[index].repeats) {
        return false;
    } else {
        text_putc(kept, ',');
    }
    text_puts(kept, value != NULL ? value : "");
    return !kept->full;
}

/* Says what is wrong with the command line, and where to read how it goes. */
static int __attribute__((format(printf, 2, 3))) usage(struct ctl *ctl, const char *format, ...)
{
    const struct ctl_command *command = ctl->command;
    struct text words = TEXT(1024);
    char problem[512];
    va_list list;

    va_start(list, format);
    vsnprintf(problem, sizeof(problem), format, list);
    va_end(list);
    text_addf(&words, "%s, see `tellerctl %s%s%s%s--help`", problem,
              command != NULL ? command->group : "", command != NULL ? " " : "",
              command != NULL && command->verb != NULL ? command->verb : "",
              command != NULL && command->verb != NULL ? " " : "");
    ctl_fail_words(ctl, ERR_INVALID, text_string(&words));
    text_free(&words);
    return CTL_USAGE;
}

/* "-5" and "-.5": what somebody meant as a number. */
static bool is_negative(const char *word)
{
    return word[0] == '-' && word[1 + (word[1] == '.')] >= '0' && word[1 + (word[1] == '.')] <= '9';
}

static int negative(struct ctl *ctl, const char *word)
{
    return usage(ctl, "%s is negative: amounts are above zero", word);
}

/* The word that getopt just refused. It has stepped over it, unless letters of a "-xy" are left. */
static const char *refused_word(char **words)
{
    const char *next = words[optind];
    bool within = optopt > 0 && optopt < FIRST_LONG && next != NULL && next[0] == '-' &&
                  next[1] != '-' && strchr(next, optopt) != NULL;
    return within ? next : words[optind - 1];
}

/* What getopt found wrong with the word that it just read. */
static int wrong_option(struct ctl *ctl, int found, const char *word)
{
    if (is_negative(word))
        return negative(ctl, word);
    return found == '?' ? usage(ctl, "unknown option %s", word)
                        : usage(ctl, "option %s needs a value", word);
}

/* Reads the options behind the command, wherever they stand. 0, or the exit code. */
static int read_options(struct ctl *ctl, int count, char **words, struct wish *wish)
{
    struct option known[CTL_MAX_OPTIONS + GLOBAL_OPTIONS + 1] = {0};
    size_t own = 0;
    int found;

    for (; own < CTL_MAX_OPTIONS && ctl->command->options[own].name != NULL; own++)
        known[own] = (struct option){
            .name = ctl->command->options[own].name,
            .has_arg = ctl->command->options[own].value != NULL ? required_argument : no_argument,
            .val = FIRST_LONG + (int)own};
    memcpy(&known[own], global_options, sizeof(global_options));
    optind = 0; /* starts getopt anew: it was run over the words in front of the command */
    while ((found = getopt_long(count, words, ":h", known, NULL)) != -1) {
        if (take_global(ctl, found, wish))
            continue;
        if (found == '?' || found == ':')
            return wrong_option(ctl, found, refused_word(words));
        if (!keep_option(ctl, (size_t)(found - FIRST_LONG), optarg))
            return usage(ctl, "option --%s is given too often or too long",
                         ctl->command->options[found - FIRST_LONG].name);
    }
    return CTL_DONE;
}

/* How many names `args` lists. */
static int count_args(const char *args)
{
    int count = args[0] != '\0';
    for (; *args != '\0'; args++)
        count += *args == ' ';
    return count;
}

static int check_given(struct ctl *ctl, int count, char **words)
{
    int expected = count_args(ctl->command->args);
    if (count != expected)
        return usage(ctl, count < expected ? "arguments are missing" : "too many arguments");
    for (int i = 0; i < count; i++) {
        if (is_negative(words[i]))
            return negative(ctl, words[i]);
        ctl->args[i] = words[i];
    }
    for (size_t i = 0; i < CTL_MAX_OPTIONS && ctl->command->options[i].name != NULL; i++)
        if (ctl->command->options[i].required && ctl->options[i] == NULL)
            return usage(ctl, "option --%s is required", ctl->command->options[i].name);
    return CTL_DONE;
}

static int run_command(struct ctl *ctl)
{
    struct text problem = TEXT(4096);
    int status;

    if (crypto_start() != ERR_OK)
        return ctl_fail(ctl, ERR_CRYPTO, NULL);
    if (config_load(ctl->config_path, &ctl->config, &problem) != ERR_OK)
        status = ctl_fail_words(ctl, ERR_CONFIG, text_string(&problem));
    else
        status = ctl->command->run(ctl);
    db_close(ctl->db);
    config_free(&ctl->config);
    text_free(&problem);
    return status;
}

/* The options in front of the command. 0, or the exit code; *argc and *argv then begin at the command. */
static int read_globals(struct ctl *ctl, int *argc, char ***argv, struct wish *wish)
{
    struct option known[GLOBAL_OPTIONS + 1] = {0};
    int found;

    memcpy(known, global_options, sizeof(global_options));
    while ((found = getopt_long(*argc, *argv, "+:h", known, NULL)) != -1)
        if (!take_global(ctl, found, wish))
            return wrong_option(ctl, found, refused_word(*argv));
    *argc -= optind;
    *argv += optind;
    return CTL_DONE;
}

/* `tellerctl help [GROUP [VERB]]` is `tellerctl [GROUP [VERB]] --help`. */
static void take_help_word(int *argc, char ***argv, struct wish *wish)
{
    if (*argc == 0 || strcmp((*argv)[0], "help") != 0)
        return;
    wish->help = true;
    --*argc;
    ++*argv;
}

/* A word that is a group but no command: what is asked for is the group's help, or a verb is missing. */
static int read_group(struct ctl *ctl, int argc, char **argv, struct wish *wish)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        wish->help = true;
    if (!is_group(argv[0]) || (argc > 1 && argv[1][0] != '-'))
        return usage(ctl, "there is no such command: %s%s%s", argv[0], argc > 1 ? " " : "",
                     argc > 1 ? argv[1] : "");
    if (!wish->help)
        return usage(ctl, "%s is a group of commands, one of which is wanted", argv[0]);
    wish->group = argv[0];
    return CTL_DONE;
}

/* Reads the command line; *wish says what else than a command is asked for. 0, or the exit code. */
static int read_words(struct ctl *ctl, int argc, char **argv, struct wish *wish)
{
    int used, status = read_globals(ctl, &argc, &argv, wish);

    if (status != CTL_DONE || wish->version)
        return status;
    take_help_word(&argc, &argv, wish);
    if (argc == 0)
        return wish->help ? CTL_DONE : usage(ctl, "a command is missing");
    ctl->command = find_command(argc, argv, &used);
    if (ctl->command == NULL)
        return read_group(ctl, argc, argv, wish);
    /* getopt skips the first word: the last one of the command. */
    argc -= used - 1;
    argv += used - 1;
    if ((status = read_options(ctl, argc, argv, wish)) != CTL_DONE || wish->help)
        return status;
    return check_given(ctl, argc - optind, argv + optind);
}

/* Does what the command line asks for. Returns the exit code. */
static int do_wish(struct ctl *ctl, const struct wish *wish)
{
    if (wish->version)
        puts("tellerctl " TELLER_VERSION);
    else if (wish->help && ctl->command != NULL)
        print_command_help(ctl->command);
    else if (wish->help)
        print_help(wish->group);
    else
        return run_command(ctl);
    return CTL_DONE;
}

int main(int argc, char **argv)
{
    struct ctl ctl = {0};
    struct wish wish = {0};

    /* Failures are said once, by the command; the library's own lines would repeat them. */
    log_set_program("tellerctl");
    log_set_level(LOG_LEVEL_BUG);
    house_register();
    int status = read_words(&ctl, argc, argv, &wish);
    if (status == CTL_DONE)
        status = do_wish(&ctl, &wish);
    for (size_t i = 0; i < CTL_MAX_OPTIONS; i++) {
        if (ctl.options[i] != NULL)
            text_free(ctl.options[i]);
        free(ctl.options[i]);
    }
    text_free(&ctl.result);
    if (fflush(stdout) != 0 && status == CTL_DONE)
        status = ctl_fail(&ctl, ERR_IO, "standard output");
    return status;
}
