"""Processor time, memory and quiet, from /proc. Linux only, as the whole bench is."""

import os
import statistics
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count()
#: More of all cores than this for others during a round, and the round is done again.
OTHERS_MOST = 0.10


def cpu_seconds(pid):
    """User and system time of a process with its threads, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def peak_rss_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def busy_seconds(stat):
    """Time that all cores together were not idle, from the first line of /proc/stat; time that
    the host took away counts as busy."""
    user, nice, system, _idle, _io_wait, irq, soft_irq, steal = map(int, stat.split()[1:9])
    return (user + nice + system + irq + soft_irq + steal) / TICKS_PER_SECOND


def physical_cores():
    """What llama.cpp's threads should be; hyper-threads share what they would compute with."""
    pairs, physical = set(), None
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "physical id":
            physical = value.strip()
        elif name.strip() == "core id":
            pairs.add((physical, value.strip()))
    return len(pairs) or CORES


class Watch:
    """How much of the cores others took since it was made."""

    def __init__(self):
        self.began = time.monotonic()
        self.busy = busy_seconds(Path("/proc/stat").read_text())
        self.own = own_seconds()

    def others(self):
        """The share of all cores. Children count as own when they were waited for."""
        wall = max(time.monotonic() - self.began, 0.01)
        busy = busy_seconds(Path("/proc/stat").read_text()) - self.busy
        own = own_seconds() - self.own
        return max(0.0, (busy - own) / (wall * CORES))


def own_seconds():
    """This process and its children that ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def wait_for_quiet(say, most_seconds):
    """Waits until others take no more than `OTHERS_MOST`; says the load average."""
    deadline = time.monotonic() + most_seconds
    while True:
        watch = Watch()
        time.sleep(1)
        others = watch.others()
        if others <= OTHERS_MOST or time.monotonic() > deadline:
            load = os.getloadavg()[0]
            say(f"load average {load:.2f}, others take {others:.0%} of the cores")
            return others
        time.sleep(2)


def machine():
    """The machine class in neutral words."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    keys = dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)
    flags = keys.get("flags", "").split()
    vectors = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX2"
    generation = zen(keys)
    memory = Path("/proc/meminfo").read_text().split()[1]
    name = keys.get("model name", "unknown processor").strip()
    return f"{CORES} cores of {generation or name} with {vectors}, {int(memory) >> 20} GiB of memory"


def zen(keys):
    """AMD's generations by family and model, where virtual machines hide the name."""
    if keys.get("vendor_id") != "AuthenticAMD":
        return None
    family, model = int(keys["cpu family"]), int(keys["model"])
    kind = "server" if "EPYC" in keys.get("model name", "") else "processor"
    names = {23: "Zen 2" if model >= 0x30 else "Zen", 26: "Zen 5"}
    if family == 25:
        names[25] = "Zen 4" if 0x10 <= model <= 0x1F or model >= 0x60 else "Zen 3"
    return f"an AMD {names[family]} {kind}" if family in names else None


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None
