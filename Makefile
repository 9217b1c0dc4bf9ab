# sisetu. `make help` lists what there is to do. MODE=release|asan|tsan|cov picks the build.
MODE   ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
BUILD  := build/$(MODE)
T      ?=
SECS   ?= 20

# What a Debian 12 machine needs; make run and make test install what is missing.
APT_BUILD := gcc make pkg-config libgdal-dev libgeos-dev libproj-dev libjansson-dev libpng-dev \
	libdeflate-dev libmicrohttpd-dev libsqlite3-dev libxlsxwriter-dev libcairo2-dev \
	libpango1.0-dev libfreetype-dev libharfbuzz-dev libfontconfig-dev nettle-dev \
	fonts-noto-cjk nodejs npm
APT_TEST  := libcmocka-dev gdal-bin sqlite3 chromium python3 curl unzip
APT_LINT  := clang clang-format clang-tidy libclang-rt-14-dev

PKGS   := gdal geos proj jansson libpng libdeflate libmicrohttpd sqlite3 xlsxwriter cairo \
	pangocairo freetype2 harfbuzz fontconfig nettle
LIBCFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null)) -isystem /usr/include/gdal
LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lgeos_c -lm -lpthread

WARN   := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wformat=2 -Wundef -Wvla \
	-Wwrite-strings -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum \
	-Wimplicit-fallthrough -fno-common $(if $(CI),-Werror)
FLAGS_release := -O2 -g
FLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_tsan := -O1 -g -fsanitize=thread
FLAGS_cov  := -O0 -g --coverage
CFLAGS += -std=c17 -D_GNU_SOURCE -I. -ffp-contract=off $(WARN) $(FLAGS_$(MODE)) $(LIBCFLAGS)
LDFLAGS += $(FLAGS_$(MODE))

SRC    := $(filter-out tiler/main.c,$(wildcard data/base/*.c data/*.c geo/*.c styles/*.c tiler/*.c))
OBJ    := $(SRC:%.c=$(BUILD)/%.o)
LIB    := $(BUILD)/libsisetu.a
BIN    := $(BUILD)/sisetu
SAMPLE := $(BUILD)/sisetu-sample
SAMPLE_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard data/sample/*.c))
UNIT   := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

.PHONY: all run test sample bench fuzz lint format install help clean deps
.DELETE_ON_ERROR:
all: $(BIN) $(SAMPLE)   ## build the program

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
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ -lcmocka $(LIBS) -o $@
.SECONDARY:
.PHONY: unit
unit: $(UNIT)
	@status=0; for t in $(UNIT); do case $$t in *$(T)*) echo "== $$t"; $$t || status=1;; esac; done; exit $$status

clean:                  ## remove what was built
	rm -rf build
help:                   ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12
-include $(OBJ:.o=.d) $(SAMPLE_OBJ:.o=.d) $(UNIT:$(BUILD)/tests/%=$(BUILD)/tests/unit/%.d) $(BUILD)/tiler/main.d
