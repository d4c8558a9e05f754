# Thin: every line calls a script or a preset.
JOBS ?= $(shell nproc)
SANITIZED = vl_core_test vl_media_test vl_weights_test vl_text_test vl_pipeline_test

.PHONY: help setup build demo test asan fuzz format lint clean

help:
	@echo "make setup   install packages, libtorch, WORLD     make demo   dub the avatar clip"
	@echo "make build   build in build/ci                  make test   build and run all tests"
	@echo "make asan    tests under address and undefined-behaviour sanitizers"
	@echo "make fuzz    a short libFuzzer run of the checkpoint readers"
	@echo "make format  clang-format in place              make lint   clang-format check and clang-tidy"

setup:
	deps/setup

build: setup
	cmake --preset ci
	cmake --build --preset ci -j $(JOBS)

demo: build
	tools/demo.sh build/ci/bin/voxlip

test: setup
	tools/check_format.sh
	$(MAKE) build
	ctest --test-dir build/ci -L unit --output-on-failure -j $(JOBS)

asan: setup
	cmake --preset asan
	cmake --build --preset asan -j $(JOBS) --target $(SANITIZED)
	tools/run_sanitized.sh build/asan/bin $(SANITIZED)

fuzz: setup
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS)
	ctest --test-dir build/fuzz -L fuzz --output-on-failure

format:
	git ls-files '*.h' '*.cc' | grep -v fold_table | xargs clang-format -i

lint: setup
	tools/check_format.sh
	cmake --preset lint
	cmake --build --preset lint -j $(JOBS)
	tools/lint.sh build/lint

clean:
	rm -rf build out
