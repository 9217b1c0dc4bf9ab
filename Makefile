# sisetu. `make help` lists what there is to do. MODE=release|asan|tsan|cov picks the build.
MODE   ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
BUILD  := build/$(MODE)$(if $(findstring clang,$(CC)),-clang)
DESTDIR ?=
T      ?=
SECS   ?= 20
LISTEN ?= 127.0.0.1:8080
VERSION := 0.1.0

# What a Debian 12 machine needs; make run and make test install what is missing.
APT_BUILD := gcc make pkg-config libgdal-dev libgeos-dev libproj-dev libjansson-dev libpng-dev \
	libdeflate-dev libmicrohttpd-dev libsqlite3-dev libxlsxwriter-dev libcairo2-dev \
	libpango1.0-dev libfreetype-dev libharfbuzz-dev libfribidi-dev libfontconfig-dev \
	nettle-dev libjemalloc-dev fonts-noto-cjk nodejs npm
APT_TEST  := libcmocka-dev gdal-bin python3-owslib sqlite3 chromium python3 curl unzip file
APT_LINT  := clang clang-format clang-tidy libclang-rt-14-dev

PKGS   := gdal geos proj jansson libpng libdeflate libmicrohttpd sqlite3 xlsxwriter cairo \
	pangocairo freetype2 harfbuzz fribidi fontconfig nettle
LIBCFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null)) -isystem /usr/include/gdal
LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lgeos_c -lm -lpthread
# Malloc of glibc sorts what others freed, 10-100 ms at a time in a world of gigabytes; sanitizers bring their own.
LIBS   += $(if $(filter release,$(MODE)),-ljemalloc)

WARN   := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wformat=2 -Wundef -Wvla \
	-Wwrite-strings -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum \
	-Wimplicit-fallthrough -fno-common
# Instrumented code hides value ranges from the compiler: its warnings are judged in the release build.
WARN   += $(if $(CI),$(if $(filter release,$(MODE)),-Werror))
# clang takes NAN and INFINITY for float and warns at each double that they go to; gcc does not.
WARN   += $(if $(findstring clang,$(CC)),-Wno-double-promotion)
FLAGS_release := -O2 -g
FLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_tsan := -O1 -g -fsanitize=thread
FLAGS_cov  := -O0 -g --coverage
CFLAGS += -std=c17 -D_GNU_SOURCE -I. -DSISETU_VERSION='"$(VERSION)"' -ffp-contract=off $(WARN) $(FLAGS_$(MODE)) $(LIBCFLAGS)
LDFLAGS += $(FLAGS_$(MODE))
export TSAN_OPTIONS ?= suppressions=$(CURDIR)/tests/tsan.supp

SRC    := $(wildcard data/base/*.c data/*.c geo/*/*.c styles/*.c tiler/*/*.c)
OBJ    := $(SRC:%.c=$(BUILD)/%.o)
LIB    := $(BUILD)/libsisetu.a
BIN    := $(BUILD)/sisetu
SAMPLE := $(BUILD)/sisetu-sample
SAMPLE_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard data/sample/*.c))
UNIT   := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

BENCH  := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
ORACLE := $(patsubst tests/browser/%.c,$(BUILD)/browser/%,$(wildcard tests/browser/*.c))
FUZZ   := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
VIEWER := $(addprefix tiler/viewer/,ol.js ol.css maplibre-gl.js maplibre-gl-worker.js)
BROWSER := tests/browser/node_modules/.package-lock.json
SAMPLE_INPUTS := $(wildcard data/ningxia/*) $(wildcard data/rules/*.csv) data/schema.csv

.PHONY: all run test sample unit bench fuzz lint format install uninstall help clean deps
.DELETE_ON_ERROR:
.SECONDARY:
all: $(BIN) $(SAMPLE)   ## build the program

run: deps               ## install what is missing, build, load and assess the sample, serve it
	@$(MAKE) --no-print-directory sample $(VIEWER)
	$(BIN) serve build/ningxia.gpkg --listen $(LISTEN)
sample: build/ningxia.gpkg ## the assessed sample store
test: deps              ## build and run every test; T=pattern picks, JOBS=n at once, MODE=asan|tsan|cov builds otherwise
	@$(MAKE) --no-print-directory all $(UNIT) $(FUZZ) $(ORACLE) $(VIEWER) $(BROWSER) sample
	@BUILD=$(BUILD) CC=$(CC) MODE=$(MODE) T='$(T)' sh tests/run.sh $(KINDS)
unit: $(UNIT) $(SAMPLE) ## build and run the unit tests alone
	@BUILD=$(BUILD) CC=$(CC) MODE=$(MODE) T='$(T)' sh tests/run.sh unit
bench: $(BIN) $(SAMPLE) $(BENCH) ## measure against our peers, in ratios
	@BUILD=$(BUILD) sh tests/bench/run.sh
fuzz: $(FUZZ)           ## run each fuzz target for SECS seconds (clang)
	@BUILD=$(BUILD) SECS=$(SECS) T='$(T)' sh tests/fuzz/run.sh
lint:                   ## direction of includes, owners of libraries, headers alone, layout
	@mkdir -p build; CC=$(CC) LIBCFLAGS='$(LIBCFLAGS)' sh tests/lint.sh
format:                 ## lay out all C as .clang-format says
	clang-format -i $$(git ls-files '*.c' '*.h')
deps:                   ## install missing Debian packages (root or sudo)
	@sh tests/deps.sh $(APT_BUILD) $(if $(filter test,$(MAKECMDGOALS)),$(APT_TEST)) $(if $(CI),$(APT_LINT))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  cc   $<'; $(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$(LIB): $(OBJ)
	@rm -f $@
	@echo '  ar   $@'; ar rcs $@ $^
$(BIN): $(BUILD)/tiler/main.o $(LIB)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) -o $@
$(SAMPLE): $(SAMPLE_OBJ) $(LIB)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) -o $@
$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ -lcmocka -lz $(LIBS) -o $@
$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(LIB)
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) -o $@
$(BUILD)/browser/%: $(BUILD)/tests/browser/%.o $(LIB)
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) -o $@
# With clang a target is a fuzzer of its own; with gcc the same target replays its corpus.
$(BUILD)/fuzz/%: tests/fuzz/%.c $(if $(findstring clang,$(CC)),,tests/fuzz/replay.c) $(LIB)
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(CFLAGS) $(if $(findstring clang,$(CC)),-fsanitize=fuzzer) $(filter %.c,$^) $(LIB) $(LDFLAGS) -lz $(LIBS) -o $@
$(VIEWER) &: tiler/viewer/package.json tiler/viewer/package-lock.json
	cd tiler/viewer && npm ci --no-audit --no-fund --silent
	cd tiler/viewer && cp node_modules/ol/dist/ol.js node_modules/ol/ol.css .
	cd tiler/viewer/node_modules/maplibre-gl/dist && cp maplibre-gl-csp.js ../../../maplibre-gl.js && cp maplibre-gl-csp-worker.js ../../../maplibre-gl-worker.js
$(BROWSER): tests/browser/package.json tests/browser/package-lock.json
	cd tests/browser && npm ci --no-audit --no-fund --silent
	@touch $@
build/ningxia.gpkg: $(BIN) $(SAMPLE) $(SAMPLE_INPUTS) data/sample/load.sh
	sh data/sample/load.sh $(BIN) $(SAMPLE) $@

SHARE := $(DESTDIR)$(PREFIX)/share/sisetu
install: $(BIN) $(VIEWER) ## PREFIX (/usr/local) and DESTDIR are honoured
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/sisetu
	install -D -m 644 tiler/sisetu.1 $(DESTDIR)$(PREFIX)/share/man/man1/sisetu.1
	install -D -m 644 tiler/sisetu.service $(DESTDIR)$(PREFIX)/lib/systemd/system/sisetu.service
	sed -i 's|/usr/bin/sisetu|$(PREFIX)/bin/sisetu|' $(DESTDIR)$(PREFIX)/lib/systemd/system/sisetu.service
	install -D -m 644 -t $(SHARE)/data data/schema.csv
	install -D -m 644 -t $(SHARE)/data/rules data/rules/*.csv
	install -D -m 644 -t $(SHARE)/styles styles/*.json
	install -D -m 644 -t $(SHARE)/tiler/viewer $(sort $(filter-out %/package.json %/package-lock.json,$(wildcard tiler/viewer/*.*)) $(VIEWER))
uninstall:              ## remove what install put there
	rm -rf $(DESTDIR)$(PREFIX)/bin/sisetu $(DESTDIR)$(PREFIX)/share/man/man1/sisetu.1 $(DESTDIR)$(PREFIX)/lib/systemd/system/sisetu.service $(SHARE)
clean:                  ## remove what was built
	rm -rf build
help:                   ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12
-include $(OBJ:.o=.d) $(BENCH:$(BUILD)/bench/%=$(BUILD)/tests/bench/%.d) $(SAMPLE_OBJ:.o=.d) $(UNIT:$(BUILD)/tests/%=$(BUILD)/tests/unit/%.d) $(ORACLE:$(BUILD)/browser/%=$(BUILD)/tests/browser/%.d) $(BUILD)/tiler/main.d
