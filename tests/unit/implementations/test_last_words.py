"""The line that is quoted of a crash is the one that says the error, whatever language wrote it."""

import time

import pytest

from gradcert_implementations.last_words import last_words

FRAMES = {
    "node": "    at deep (/home/someone/projects/kernels/error/kernel.js:1:69)\n" * 9,
    "python": '  File "/home/someone/projects/kernel.py", line 3, in <module>\n    step()\n' * 9,
    "go": "main.main()\n\t/home/someone/error/kernel.go:3 +0x1d\n" * 9,
    "java": "\tat Kernel.run(Kernel.java:1)\n" * 20,
    "ruby": "\tfrom /home/someone/projects/kernel.rb:3:in `each'\n" * 9,
    "julia": "  [1] throwdm at ./broadcast.jl:1\n" * 20,
    "rust": "   4: <usize as core::slice::index::SliceIndex<[T]>>::index\n" * 9,
    "native": "    #0 0x55ca912f51da in main /home/someone/kernel.cpp:2\n" * 9,
}
TRACEBACK = f"Traceback (most recent call last):\n{FRAMES['python']}"
STEPS = "loading the weights of a layer\n" * 40

CRASHES = {
    "node": (
        "/home/someone/projects/kernels/kernel.js:1\nfunction deep(n) { throw new TypeError(why) }"
        f"\n    ^\n\nTypeError: out of registers\n{FRAMES['node']}\nNode.js v20.20.2\n",
        "TypeError: out of registers",
    ),
    "node, a module": (
        "node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\n"
        "Error: Cannot find module './kernel'\nRequire stack:\n- /home/someone/a.js\n"
        f"{FRAMES['node']}  code: 'MODULE_NOT_FOUND',\n}}\n\nNode.js v20.20.2\n",
        "Error: Cannot find module './kernel'",
    ),
    "node, memory": (
        "\n<--- Last few GCs --->\n\n[17030:0x20098ca0]  80 ms: Mark-Compact 55.9 -> 48.3 MB "
        "allocation failure; scavenge might not succeed\n\n<--- JS stacktrace --->\n\n"
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"
        f"----- Native stack trace -----\n\n{FRAMES['native']}",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    ),
    "python": (f"{TRACEBACK}ValueError: no such layer\n", "ValueError: no such layer"),
    "python, without a message": (f"{TRACEBACK}AssertionError\n", "AssertionError"),
    "python, any name": (f"{TRACEBACK}kernel.NoDevice: 0 of 3\n", "kernel.NoDevice: 0 of 3"),
    "python, a second one": (
        f"{TRACEBACK}KeyError: 'a'\n\nDuring handling of the above exception, another exception "
        f"occurred:\n\n{TRACEBACK}ValueError: no such layer\n",
        "ValueError: no such layer",
    ),
    "python, fatal": (
        "Fatal Python error: Segmentation fault\n\nCurrent thread 0x07 (most recent call first):\n"
        + FRAMES["python"],
        "Fatal Python error: Segmentation fault",
    ),
    "torch": (
        f"{TRACEBACK}RuntimeError: CUDA error: an illegal memory access was encountered\n"
        "CUDA kernel errors might be asynchronously reported at some other API call, so the "
        "stacktrace below might be incorrect.\nFor debugging consider passing "
        "CUDA_LAUNCH_BLOCKING=1\nCompile with `TORCH_USE_CUDA_DSA` to enable device-side "
        "assertions.\n",
        "RuntimeError: CUDA error: an illegal memory access was encountered",
    ),
    "cuda": (
        f"{STEPS}CUDA error at kernel.cu:12: invalid argument\n",
        "CUDA error at kernel.cu:12: invalid argument",
    ),
    "cuda, an assertion": (
        "kernel.cu:10: f: block: [0,0,0], thread: [31,0,0] Assertion `i < n` failed.\n" * 50,
        "kernel.cu:10: f: block: [0,0,0], thread: [31,0,0] Assertion `i < n` failed.",
    ),
    "ruby": (
        f"/home/someone/kernel.rb:3:in `run': out of memory (RuntimeError)\n{FRAMES['ruby']}",
        "/home/someone/kernel.rb:3:in `run': out of memory (RuntimeError)",
    ),
    "rust": (
        "thread 'main' (17058) panicked at kernel.rs:1:91:\nindex out of bounds: the len is 1 but "
        f"the index is 6\nstack backtrace:\n{FRAMES['rust']}note: run with `RUST_BACKTRACE=full` "
        "for a verbose backtrace.\n",
        "thread 'main' (17058) panicked at kernel.rs:1:91: index out of bounds: the len is 1 but "
        "the index is 6",
    ),
    "rust, of main": (
        f"{STEPS}Error: ParseIntError {{ kind: InvalidDigit }}\n",
        "Error: ParseIntError { kind: InvalidDigit }",
    ),
    "c++": (
        f"{STEPS}terminate called after throwing an instance of 'std::runtime_error'\n"
        "  what():  out of shared memory\n",
        "terminate called after throwing an instance of 'std::runtime_error' what(): out of "
        "shared memory",
    ),
    "c++ of LLVM": (
        f"{STEPS}libc++abi: terminating due to uncaught exception of type std::bad_alloc\n",
        "libc++abi: terminating due to uncaught exception of type std::bad_alloc",
    ),
    "c, an assertion": (
        f"{STEPS}kernel: kernel.c:3: main: Assertion `n > 5' failed.\n",
        "kernel: kernel.c:3: main: Assertion `n > 5' failed.",
    ),
    "c, the heap": (f"{STEPS}malloc(): corrupted top size\n", "malloc(): corrupted top size"),
    "c, the stack": (
        f"{STEPS}*** stack smashing detected ***: terminated\n",
        "*** stack smashing detected ***: terminated",
    ),
    "a check of abseil": (
        f"{STEPS}F1126 12:00:00.0 1 kernel.cc:12] Check failed: n > 0 (0 vs. 0)\n"
        "*** Check failure stack trace: ***\n    @ 0x7 f\n",
        "F1126 12:00:00.0 1 kernel.cc:12] Check failed: n > 0 (0 vs. 0)",
    ),
    "a missing library": (
        f"{STEPS}./kernel: error while loading shared libraries: libx.so: cannot open\n",
        "./kernel: error while loading shared libraries: libx.so: cannot open",
    ),
    "java": (
        f'Exception in thread "main" java.lang.IllegalStateException: no device\n{FRAMES["java"]}',
        'Exception in thread "main" java.lang.IllegalStateException: no device',
    ),
    "java, the cause": (
        f'Exception in thread "main" java.lang.IllegalStateException: no device\n{FRAMES["java"]}'
        f"Caused by: java.lang.RuntimeException: driver is too old\n{FRAMES['java']}",
        "Caused by: java.lang.RuntimeException: driver is too old",
    ),
    "julia": (
        f"ERROR: LoadError: DimensionMismatch: 2 and 3\nStacktrace:\n{FRAMES['julia']}"
        "in expression starting at /home/someone/error.jl:1\n",
        "ERROR: LoadError: DimensionMismatch: 2 and 3",
    ),
    "go": (
        f"panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\n{FRAMES['go']}"
        "exit status 2\n",
        "panic: runtime error: index out of range [5]",
    ),
    "go, a deadlock": (
        "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\n"
        f"{FRAMES['go']}exit status 2\n",
        "fatal error: all goroutines are asleep - deadlock!",
    ),
    "address sanitizer": (
        "=" * 65 + "\n==17112==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6020\n"
        f"WRITE of size 1 at 0x6020 thread T0\n{FRAMES['native']}\nShadow bytes around it:\n"
        "SUMMARY: AddressSanitizer: heap-buffer-overflow kernel.cpp:2 in main\n==17112==ABORTING\n",
        "SUMMARY: AddressSanitizer: heap-buffer-overflow kernel.cpp:2 in main",
    ),
    "undefined behaviour": (
        f"{STEPS}kernel.cpp:1:44: runtime error: signed integer overflow: 2147483647 + 1\n",
        "kernel.cpp:1:44: runtime error: signed integer overflow: 2147483647 + 1",
    ),
    "c sharp": (
        "Unhandled exception. System.InvalidOperationException: no device\n" + FRAMES["node"],
        "Unhandled exception. System.InvalidOperationException: no device",
    ),
    "r": (
        f"{STEPS}Error in f(1) : no such kernel\nCalls: f\nExecution halted\n",
        "Error in f(1) : no such kernel",
    ),
    "fortran": (
        f"{STEPS}At line 5 of file kernel.f90\nFortran runtime error: Index '11' above 10\n\n"
        "Error termination. Backtrace:\n#0  0x7f\n#1  0x8f\n",
        "Fortran runtime error: Index '11' above 10",
    ),
    "in colour": (
        f"{STEPS}\x1b[0m\x1b[1m\x1b[31merror\x1b[0m: no \x1b]8;;file:///x\x1b\\kernel\x1b]8;;\x1b\\\n",
        "error: no kernel",
    ),
    "a log": (f"{STEPS}12:00 ERROR [main] no device\n", "12:00 ERROR [main] no device"),
    "indented only": (f"    | {STEPS}    | ValueError: none\n    +---\n" * 2, "| ValueError: none"),
}


@pytest.mark.parametrize("language", CRASHES)
def test_of_a_crash_the_line_is_quoted_that_says_the_error(language: str) -> None:
    written, quoted = CRASHES[language]
    assert last_words(written.encode(), b"", cut=False) == quoted


def test_the_error_is_found_behind_a_gap_and_before_one() -> None:
    crash = CRASHES["go"][0].encode()
    assert last_words(crash, STEPS.encode(), cut=True) == CRASHES["go"][1]
    assert last_words(STEPS.encode(), crash, cut=True) == CRASHES["go"][1]


def test_where_no_line_says_an_error_the_beginning_and_the_end_are_quoted() -> None:
    said = last_words(b"begins\n" + STEPS.encode() + b"ends\n", b"", cut=False)
    assert said.startswith("begins loading the weights")
    assert said.endswith("of a layer ends")
    assert " ... " in said


def test_a_character_that_lies_on_the_boundary_is_whole_and_bad_bytes_are_marked() -> None:
    whole = "a dé".encode()
    assert last_words(whole[:-1], whole[-1:], cut=False) == "a dé"
    assert last_words(b"\xff\xfe no \x00 kernel\x9b", b"", cut=False) == "�� no kernel�"


@pytest.mark.parametrize(
    "written",
    [
        b"",
        bytes(range(256)) * 300,
        b"error " * 12_000,
        b"a:" * 36_000,
        b"\x1b]" * 36_000,
        b"\x1b[" * 36_000,
        b"x" * 36_000 + b"error:\n" + b"y" * 36_000,
        b"Traceback (most recent call last):\n" * 2_000,
        b"(" * 36_000 + b"Error)",
        "\ud800\u202e\u0085\u2028".encode(errors="surrogatepass") * 9_000,
    ],
    ids=range(10),
)
def test_whatever_is_written_a_short_line_is_quoted_at_once(written: bytes) -> None:
    began = time.process_time()
    said = last_words(written, written, cut=True)
    assert time.process_time() - began < 1
    assert len(said) <= 240
    assert said.isprintable() or not said
