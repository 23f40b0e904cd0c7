"""What a node of the graph costs: `python -m bench.memory [--nodes N]`.

Builds a chain of N operations on a tensor of ten elements, goes back through it and frees it, in a fresh process
for each library and kind of chain. The bytes a node are the growth of the process while the chain was built; the
times a node of a tenth of the chain and of the whole show whether the time is linear in the length. The tensors
between are kept by the graph only where it saves them.
"""

import argparse
import json
import subprocess
import sys
import time

CHAINS = {
    "nothing saved (y + 1)": lambda y: y + 1,
    "result saved (tanh)": lambda y: y.tanh(),
    "one input saved (y * constant)": None,  # needs a tensor of its own: see build()
}


def resident_bytes():
    """Return the memory of this process that is in use."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def build(torch, kind, length):
    """Return a leaf and the end of a chain of `length` operations on it."""
    x = torch.ones(10).requires_grad_()
    constant = torch.ones(10)
    step = CHAINS[kind] or (lambda y: y * constant)
    y = x
    for _ in range(length):
        y = step(y)
    return x, y


def child(module, kind, length):
    """Measure one chain in this process and print what came out as JSON."""
    torch = __import__(module)
    gradient = torch.ones(10)

    def forward_backward_free(n):
        before, start = resident_bytes(), time.perf_counter()
        _leaf, y = build(torch, kind, n)
        built = resident_bytes() - before
        y.backward(gradient)
        del y
        return built / n, (time.perf_counter() - start) / n * 1e6

    forward_backward_free(1000)
    _, short = forward_backward_free(length // 10)
    bytes_a_node, long = forward_backward_free(length)
    print(json.dumps({"bytes": bytes_a_node, "us_short": short, "us_long": long}))


def main():
    """Measure every chain with both libraries."""
    parser = argparse.ArgumentParser(description="Memory and time a node of a long chain.")
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--child", nargs=2, metavar=("MODULE", "KIND"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child, arguments.nodes)
        return
    lengths = f"{f'us a node of {arguments.nodes // 10:,}':>22} {f'of {arguments.nodes:,}':>14}"
    print(f"{'':32} {'':10} {'bytes a node':>12} {lengths}")
    for kind in CHAINS:
        for module in ("torch", "rushlight"):
            command = [sys.executable, "-m", "bench.memory", "--nodes", str(arguments.nodes), "--child", module, kind]
            r = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            print(f"{kind:32} {module:10} {r['bytes']:12.0f} {r['us_short']:22.2f} {r['us_long']:14.2f}", flush=True)


if __name__ == "__main__":
    main()
