# Finds a Python and hands over to bootstrap.py, which does everything. Works with the make 3.81 of macOS.
#   make run                    set up if needed, open the window
#   make test                   set up if needed, then lint, types, contracts and all tests
#   make setup BACKEND=cuda     build llama.cpp for cuda, metal, vulkan or cpu; auto lets the machine decide again
#   make bench ARGS=--json      ARGS is passed on

COMMANDS := setup run test check soak shots bench
NAMES := .venv/bin/python python3.13 python3.12 python3.11 python3 python
PYTHON := $(shell for name in $(NAMES); do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1 && echo "$$name" && break; done)

ifdef BACKEND
export BATHYSPHERE_BACKEND := $(BACKEND)
endif

.PHONY: help $(COMMANDS)

help:
	@echo "make $(COMMANDS) (CONTRIBUTING.md says what each does)"

$(COMMANDS):
	@if [ -z "$(PYTHON)" ]; then \
		echo "Bathysphere needs Python 3.11 or newer, and no Python was found: install one, then try again." >&2; \
		exit 1; fi
	@"$(PYTHON)" bootstrap.py $@ $(ARGS)
