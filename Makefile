# The front door. Meson does the work; the scripts install what is missing and do nothing when nothing is.
BUILD  ?= build
PREFIX ?= /usr/local
VIDEO  ?=
DURATION ?=

.PHONY: help build run test check-all fuzz bench install format clean

help:
	@echo 'make run                  analyse a street scene for 30 s, live (VIDEO=FILE-or-URL for your own)'
	@echo 'make test                 build everything and run all tests'
	@echo 'make build                build/weir, build/libweir.so, build/libweir.a'
	@echo 'make check-all            sanitizers, clang, clang-tidy, formatting, a minute of fuzzing'
	@echo 'make bench                measure beside others (NAME=handover for one, GATE=1 to fail on a missed bar)'
	@echo 'make install PREFIX=DIR   install (default $(PREFIX))'

$(BUILD)/build.ninja:
	@scripts/setup.sh build onnxruntime web
	@meson setup $(BUILD) --prefix=$(PREFIX) >$(BUILD).log 2>&1 || { cat $(BUILD).log; rm -rf $(BUILD); exit 1; }
	@rm -f $(BUILD).log

build: $(BUILD)/build.ninja
	@scripts/setup.sh build onnxruntime web
	@ninja -C $(BUILD) --quiet

run: build
	@scripts/setup.sh run model clip
	@scripts/main-job.sh $(BUILD)/weir '$(VIDEO)' '$(DURATION)'

test:
	@scripts/setup.sh build test browser onnxruntime model clip testclip
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@# It may have been set up before cmocka was there.
	@[ -e $(BUILD)/.tests ] || meson setup --reconfigure $(BUILD) -Dtests=enabled >$(BUILD)/.tests-log 2>&1 || { cat $(BUILD)/.tests-log; exit 1; }
	@touch $(BUILD)/.tests
	@$(MAKE) --no-print-directory build
	@scripts/test.sh $(BUILD)

check-all:
	@scripts/setup.sh build test check onnxruntime model clip testclip
	@scripts/check-all.sh

fuzz:
	@scripts/setup.sh build check onnxruntime
	@tests/fuzz/run.sh $(or $(SECONDS_EACH),60)

bench: build
	@scripts/setup.sh run bench model clip
	@# It may have been set up before the libraries of others were there.
	@[ -e $(BUILD)/.bench ] || meson setup --reconfigure $(BUILD) >$(BUILD)/.bench-log 2>&1 || { cat $(BUILD)/.bench-log; exit 1; }
	@touch $(BUILD)/.bench
	@bench/run.sh $(BUILD) $(NAME) $(if $(GATE),--gate) $(ARGUMENTS)

install: build
	@meson configure $(BUILD) --prefix=$(PREFIX)
	@ninja -C $(BUILD) --quiet install

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	@rm -rf $(BUILD) build-*
