# Teller: build and daily commands.
#
#   make run      install what is missing, build, start a stack, walk the main journey, serve until Ctrl-C
#   make start    the same stack in the background; returns when it is ready      make stop   ends it
#   make test     every test, on stacks of their own; TESTS="unit http" runs a part
#   make cluster  the tests on a cluster of three nodes, and the packages that they need
#   make soak     the same in long doses: a night
#   make san      the tests under AddressSanitizer and UndefinedBehaviorSanitizer, some under valgrind;
#                 TESTS="unit db" a part of it
#   make check    format, warnings as errors, clang-tidy, cppcheck, house rules
#   make bench    the figures of the README, measured side by side
#   make build    the programs, into build/                  make build-tests   the C test programs
#   make routes   writes the table of routes in fcgi/ROUTES.md anew
#   make install  into $(DESTDIR)$(prefix)                   make clean         removes what was built
#
# Knobs: V=1 (print commands)  CC=clang  BUILD=dir  SAN=1 (sanitizers, build-san/)  CC=clang FUZZ=1 (libFuzzer, build-fuzz/)
#        PORT  TLS_PORT  RUN_DIR  WORKERS  READ_WORKERS  ORDER_WORKERS (see tools/dev/stack)
#        CHAINS=no (run and start: without the nodes of Ethereum and Bitcoin, and without the signer)

BUILD ?= $(if $(FUZZ),build-fuzz,$(if $(SAN),build-san,build))
# One spelling, since what depends on what is written down with it.
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))
prefix ?= /usr/local
export BUILD
CHAINS ?= yes
STACK_NEEDS := build run $(if $(filter no,$(CHAINS)),,chains)
run start: export CHAINS := $(CHAINS)

PACKAGES := json-c libgcrypt libmariadb gmp inih libqrencode libcurl libidn2 nettle libsecp256k1 libxml-2.0
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla -Wformat=2 -Wswitch-enum -Werror
ifdef SAN
OPTIMIZE := -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
else ifdef FUZZ
OPTIMIZE := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
else
OPTIMIZE := -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
endif
FLAGS := -std=c17 -D_GNU_SOURCE $(OPTIMIZE) $(WARNINGS) -Ilib -I. -I$(BUILD) \
	$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null) $(CFLAGS)
LINK := $(OPTIMIZE) -Wl,--as-needed $(LDFLAGS)
LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lfcgi -lpthread
FUZZ_ENGINE := $(if $(FUZZ),-fsanitize=fuzzer)

# Sources are found, not listed: a new file, or a new folder of tools/ with a main.c, needs no change here.
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
names = $(patsubst $(1)/%.c,$(BUILD)/$(2)/%,$(3))
LIB := $(call objects,$(wildcard lib/*/*.c))
FCGI := $(call objects,$(filter-out fcgi/main.c,$(wildcard fcgi/*.c fcgi/*/*.c)))
JOB := $(call objects,$(wildcard tools/job/*.c))
OUTSIDE := $(call objects,tools/demo/site.c tools/demo/teller.c)
PARTNER := $(call objects,tools/demo/partner.c) $(OUTSIDE)
SHOP := $(call objects,$(wildcard tools/demo/shop*.c)) $(OUTSIDE)
SUPPORT := $(call objects,tests/support/suites.c)
UNIT := $(call objects,$(wildcard tests/unit/*.c)) $(SUPPORT)
DB := $(call objects,$(wildcard tests/db/*.c)) $(SUPPORT)
MODEL := $(call objects,$(wildcard tests/model/*.c) tests/db/db.c tests/db/scratch.c tests/db/desk_place.c) $(SUPPORT)
NET := $(call objects,$(wildcard tests/net/*.c))
SIGNER := $(call objects,$(filter-out %/main.c,$(wildcard tools/signer/*.c)))
FUZZERS := $(call names,tests/fuzz,fuzz,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(call names,tests/bench,bench,$(wildcard tests/bench/*.c))
FAULTS := $(call names,tests/fault,fault,$(wildcard tests/fault/*.c))
HELPERS := $(call names,tests/support,support,$(filter-out %/suites.c,$(wildcard tests/support/*.c)))

# The core, the server with its faces, what jobs share: a program takes of them what it uses.
LIBTELLER := $(BUILD)/libteller.a
LIBFCGI := $(BUILD)/libfaces.a
LIBJOB := $(BUILD)/libjob.a

TOOLS := $(patsubst tools/%/main.c,$(BUILD)/teller-%,$(filter-out tools/tellerctl/%,$(wildcard tools/*/main.c)))
PROGRAMS := $(BUILD)/teller-worker $(BUILD)/tellerctl $(TOOLS) $(BUILD)/demo-partner $(BUILD)/demo-shop
TESTERS := $(patsubst %,$(BUILD)/%-tests,unit db model net) $(FUZZERS) $(FAULTS) $(HELPERS)

.PHONY: build build-tests build-bench run start stop test cluster soak check routes san bench install clean FORCE
build: $(LIBTELLER) $(PROGRAMS)
build-tests: build $(TESTERS)
build-bench: build $(BENCHES)

run:
	@tools/dev/install $(STACK_NEEDS)
	@$(MAKE) --no-print-directory build
	@tools/dev/run

start:
	@tools/dev/install $(STACK_NEEDS)
	@$(MAKE) --no-print-directory build
	@tools/dev/stack start

stop:
	@tools/dev/stack stop

test:
	@tools/dev/install build run test
	@tests/run

cluster:
	@tools/dev/install build run test cluster
	@TESTS=cluster tests/run

soak:
	@tools/dev/install build check run test cluster
	@ANALYZER_NODES=225000 tools/dev/check
	@node tests/mutate/run.mjs
	@DOSE=full tests/run
	@DOSE=full TESTS=cluster tests/run

san:
	@tools/dev/install build run test
	@SAN=1 BUILD=build-san tests/run
	@TESTS=valgrind tests/run

check:
	@tools/dev/install build check
	@tools/dev/check

routes: build
	@tools/dev/routes

bench:
	@tools/dev/install build run test bench
	@$(MAKE) --no-print-directory build build-bench
	@tests/bench/run

install: build
	@tools/dev/install-tree '$(BUILD)' '$(DESTDIR)' '$(prefix)'

clean:
	rm -rf build build-san build-fuzz build-check

quiet = $(if $(V),,@echo '  $(1) $(2)';)
link = $(call quiet,link,$@)mkdir -p $(@D) && $(CC) $(LINK) -o $@ $^ $(LIBS)

$(LIBTELLER): $(LIB)
$(LIBFCGI): $(FCGI)
$(LIBJOB): $(JOB)
%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,ar,$@)$(AR) rcs $@ $^

$(BUILD)/teller-worker: $(call objects,fcgi/main.c) $(LIBFCGI) $(LIBTELLER)
	$(link)
$(BUILD)/tellerctl: $(call objects,$(wildcard tools/tellerctl/*.c)) $(LIBTELLER)
	$(link)
$(BUILD)/demo-partner: $(PARTNER) $(LIBTELLER)
	$(link)
$(BUILD)/demo-shop: $(SHOP) $(LIBTELLER)
	$(link)
$(BUILD)/unit-tests: $(UNIT) $(LIBFCGI) $(LIBTELLER)
	$(link) -lcunit
$(BUILD)/db-tests: $(DB) $(LIBFCGI) $(LIBTELLER)
	$(link) -lcunit
$(BUILD)/model-tests: $(MODEL) $(LIBTELLER)
	$(link) -lcunit
$(BUILD)/net-tests: $(NET) $(LIBFCGI) $(LIBTELLER)
	$(link) -lcunit
$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o \
		$(if $(FUZZ),,$(BUILD)/obj/tests/fuzz/replay.o) $(SIGNER) $(LIBFCGI) $(LIBTELLER)
	$(link) $(FUZZ_ENGINE)
$(BENCHES) $(FAULTS) $(HELPERS): $(BUILD)/%: $(BUILD)/obj/tests/%.o $(LIBTELLER)
	$(link)

# The errors of all folders; those of lib/base come first, for ERR_OK is 0.
ERRORS := lib/base/errors.def $(filter-out lib/base/%,$(wildcard lib/*/errors.def fcgi/*/errors.def))
$(BUILD)/all_errors.def: FORCE
	@mkdir -p $(@D)
	@printf '#include "%s"\n' $(ERRORS) | cmp -s - $@ || printf '#include "%s"\n' $(ERRORS) >$@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(BUILD)/all_errors.def
	@mkdir -p $(@D)
	$(call quiet,cc,$<)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

# Rewritten only when compiler or flags change, so that a changed flag rebuilds everything.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(FLAGS)' | cmp -s - $@ || echo '$(CC) $(FLAGS)' >$@

# tools/NAME/ is teller-NAME.
.SECONDEXPANSION:
$(TOOLS): $(BUILD)/teller-%: $$(call objects,$$(wildcard tools/$$*/*.c)) $(LIBJOB) $(LIBFCGI) $(LIBTELLER)
	$(link)

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
