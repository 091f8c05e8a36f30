# The two commands of the README are `make demo` and `make test`; both install
# what they need (Debian 12, with Rust and Python present) and say so.

SHELL := /bin/bash
TARGET := x86_64-unknown-linux-gnu
HELPER := target/$(TARGET)/release/countersign

.PHONY: all demo test check test-zuul reference bench lint fuzz man install clean setup-demo setup-test setup-zuul

all:
	cargo build --release --locked

# Builds the helper, releases a project into build/demo/site through the real
# Ansible, verifies the site as a downloader would, and shows two forgeries
# being refused. Give REPOSITORY=, TAG= and ARTIFACTS= to see your own project.
demo: setup-demo all
	tests/demo/run "$(CURDIR)/$(HELPER)"

# Every test there is: Rust, golden command pages, contract, roles, real gpg
# and sqv, crash tests, and a whole real Zuul. That one needs root and
# namespaces; `make check` leaves it out.
test: setup-zuul check test-zuul

check: setup-test all
	tests/run "$(CURDIR)/$(HELPER)"

# Give PYTEST="-k NAME" for a part.
test-zuul: setup-zuul setup-test all
	tests/zuul/run "$(CURDIR)/$(HELPER)" $(PYTEST)

# Ratios against peers; give BENCH="--repository DIR --tag NAME --artifact FILE"
# for a release of your own, BENCH="--only PART" for tree, growth, signatures
# or hashing alone. docs/performance.md tells what came out.
bench: all
	tests/bench/run "$(CURDIR)/$(HELPER)" $(BENCH)

lint: setup-test reference
	tests/lint

# Every fuzz target for SECONDS (20) from the kept corpus.
SECONDS ?= 20
fuzz:
	tests/fuzz $(SECONDS)

# Jobs and roles as web pages, into build/reference; a warning fails.
reference:
	[ -e build/sphinx/bin/sphinx-build ] || python3 -m venv build/sphinx
	build/sphinx/bin/pip install --quiet -r docs/reference/requirements.txt
	build/sphinx/bin/sphinx-build -q -E -W docs/reference build/reference

# Man pages, one a command, into build/man.
man:
	cargo run --quiet --locked --example man -- build/man

PREFIX ?= /usr/local
install: all man
	install -D -m 0755 $(HELPER) $(DESTDIR)$(PREFIX)/bin/countersign
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 0644 build/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/

setup-demo:
	tests/setup demo

setup-test:
	tests/setup test

setup-zuul:
	tests/zuul/setup

clean:
	cargo clean
	rm -rf build .venv .venv-zuul .venv-ansible9
