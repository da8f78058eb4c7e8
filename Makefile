PYTHON ?= python3
BIN := .venv/bin
PUBLISHED := reports/published
ON_GPU := --device cuda --format fp64 --format fp32 --format fp16 --format bf16

.PHONY: certify claims gallery test faults quality league gpu audits searches bench errors check schema reference \
	transcripts lowest clean

certify: .venv/installed  ## certify every built-in implementation; writes reports/latest/
	$(BIN)/gradcert certify --report reports/latest

claims: .venv/installed  ## certify or refute the eight claims
	$(BIN)/gradcert claims

gallery: .venv/installed  ## the reports in reports/published/ and a picture of a first screen; needs chromium
	$(BIN)/gradcert certify --report $(PUBLISHED)/built-ins
	$(BIN)/gradcert claims --report $(PUBLISHED)/claims
	cd $(PUBLISHED)/claims && rm badge.svg certificate.json index.html junit.xml
	chromium --headless --no-sandbox --hide-scrollbars --window-size=1280,800 \
		--screenshot=$(PUBLISHED)/built-ins/first-screen.png file://$(CURDIR)/$(PUBLISHED)/built-ins/index.html

# The tests start some two hundred processes, so they keep bytecode: each would compile its imports
# otherwise. Two workers of pytest run side by side, so OpenMP threads wait without spinning.
test: .venv/installed  ## the conformance suite on the built-ins, and our own tests
	env -u PYTHONDONTWRITEBYTECODE OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest -n auto --dist worksteal -m "not faults"

faults: .venv/installed  ## hostile and unlucky situations, each in a process of its own: 1 to 2 minutes
	env -u PYTHONDONTWRITEBYTECODE OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest -n auto --dist worksteal -m faults tests/unit

quality: .venv/installed  ## right variants under 20 seeds, known and drawn flaws under 5; goes on where it stopped
	$(BIN)/python tests/quality/measure.py

league: .venv/installed  ## certify real libraries, each in an environment of its own; goes on where it stopped
	$(BIN)/python tests/league/league.py

gpu: .venv/installed  ## certify kernels of PyTorch, Liger, and our own in Triton and CUDA C++; needs nvcc, ninja and a GPU
	$(BIN)/gradcert certify $(ON_GPU) --targets index torch:torch.nn.functional:cross_entropy \
		"torch:torch.nn:CrossEntropyLoss(label_smoothing=0.1, ignore_index=-100)" \
		torch:tests/league/gpu/in_triton.py:CrossEntropy torch:tests/league/gpu/in_cuda.py:CrossEntropy \
		--report .gpu/losses
	$(BIN)/gradcert certify $(ON_GPU) --targets index --quick \
		torch:liger_kernel.transformers.functional:liger_cross_entropy --report .gpu/liger
	$(BIN)/gradcert certify $(ON_GPU) --quantity softmax --quantity softmax-backward \
		"torch:torch.nn:Softmax(dim=-1)" torch:tests/league/gpu/in_triton.py:Softmax --report .gpu/softmax
	$(BIN)/gradcert certify $(ON_GPU) --quantity log-softmax --quantity log-softmax-backward \
		"torch:torch.nn:LogSoftmax(dim=-1)" --report .gpu/log-softmax
	$(BIN)/gradcert merge .gpu/losses .gpu/liger .gpu/softmax .gpu/log-softmax --report $(PUBLISHED)/gpu
	cd $(PUBLISHED)/gpu && rm badge.svg index.html junit.xml

audits: .venv/installed  ## replay the comparisons of public tests with wrong gradients; goes on where it stopped
	$(BIN)/python tests/audits/audits.py

searches: .venv/installed  ## search the built-ins for an hour each; goes on where it stopped
	$(BIN)/python tests/searches/searches.py

bench: .venv/installed  ## the oracle beside the checks people use today; says what moved since the committed run
	$(BIN)/python tests/benchmarks/benchmark.py
	$(BIN)/python tests/benchmarks/search_rates.py

errors: .venv/installed  ## the largest error that passes beside a row's scale, by format
	$(BIN)/python tests/benchmarks/passing_errors.py

check: .venv/installed  ## the linter and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

schema: .venv/installed  ## write the JSON Schema of certificate.json anew
	$(BIN)/python -c "import sys, gradcert_reports; sys.stdout.buffer.write(gradcert_reports.json_schema())" \
		> reports/schema/gradcert-report-2.json

reference: .venv/installed  ## write tests/REFERENCE.md anew, from docstrings and help texts
	$(BIN)/python tests/pages/reference.py

transcripts: .venv/installed  ## run the commands that the READMEs show, and write what they print: 5 minutes
	$(BIN)/python tests/pages/transcripts.py

# The bounds of `dependencies` and of the extra `test` as pins, and then all that pip installed for them.
lowest:  ## write constraints-lowest.txt anew; needs Python 3.11, the lowest we support
	rm -rf .lowest
	$(PYTHON) -m venv .lowest
	sed -nE '/^(dependencies|test) = \[/,/^\]/s/^ *"([^">]+)>=([^",]+).*/\1==\2/p' pyproject.toml \
		> .lowest/requirements.txt
	.lowest/bin/pip install --quiet --only-binary :all: --requirement .lowest/requirements.txt
	( echo "# The lowest versions that pyproject.toml allows, and what they need. Written by make lowest."; \
		.lowest/bin/pip freeze ) > constraints-lowest.txt
	rm -rf .lowest

clean:
	rm -rf .lowest .venv .audits .gpu .league .searches dist reports/latest

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[all,dev]' --constraint constraints.txt
	touch $@
