# The targets people type; Meson and Ninja do the work. `make help` lists them.
BUILD ?= build
PREFIX ?= /usr/local
.DEFAULT_GOAL := all

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | column -t -s '	'

deps: ## install what is missing (Debian packages; needs root once)
	@tools/deps

all: ## build/sallyport
	@test -f $(BUILD)/build.ninja || tools/deps build
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) -Db_lto=true >/dev/null
	@ninja -C $(BUILD) --quiet

run: all ## start the lab: a real server, the gate in front, things to try (lab/run --check: without a gate)
	@lab/run $(BUILD)/sallyport

test: ## everything CI runs
	@tools/test

csaf: ## the validator of CSAF documents that the tests use, by npm, into the build folder
	@tools/csaf-validator $(BUILD)

check: ## style, layering, map, vectors: under a minute
	@tools/check

bench: all ## against packaged peers, ratios printed
	@bench/run
	@bench/gate
	@bench/smb
	@bench/bulletins $(BUILD)/sallyport
	@bench/assess

fuzz: ## long fuzz runs (RUNS=1000000 each)
	@fuzz/run $(or $(RUNS),1000000)

mutants: ## remove 50 checks, one at a time; a test must notice each
	@tools/mutants

map: all ## write MAP.md and doc/protocols anew
	@tools/map
	@tools/manual $(BUILD)/sallyport

install: all ## into PREFIX (default /usr/local), below DESTDIR when that is set
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@ninja -C $(BUILD) --quiet >/dev/null
	@meson install -C $(BUILD) --no-rebuild --quiet

.PHONY: help deps all run test csaf check bench fuzz mutants map install
