"""Threads that go through the phases of a job together.

To start threads takes some 15 microseconds, and each phase needs the whole of the one before. So
they are started once for all, and between two phases look at a counter until it is time to go on.

Where the system gives a core to another process, the thread there is waited for, which costs more
than its help is worth. So the next jobs have a thread fewer, for a while; a longer one where it
was late soon after it came back.
"""

from max.algorithm.backend.cpu.parallelize import sync_parallelize
from max.runtime.asyncrt import parallelism_level
from std.atomic import Atomic
from std.ffi import _Global
from std.os import abort, getenv
from std.time import perf_counter_ns

comptime Counter = Atomic[Int64]
comptime Counters = Pointer[Int64, MutUntrackedOrigin]
comptime CACHE_LINE = 8  # counters: each phase has a line, so that phases do not disturb each other
comptime PIECES = 4  # for a thread: who is slowed down takes fewer
comptime LATE = 500_000  # nanoseconds that the first to finish waits for the last
comptime A_WHILE = 10_000_000  # nanoseconds, at first
comptime LONGEST = 16 * A_WHILE

# In this process: how many threads are done without, since when, and for how long.
comptime Absent = _Global["gpt2_absent_threads", nobody]


def nobody() -> Array[Int, 3]:
    return [0, 0, 0]


@fieldwise_init
struct Member:
    """What one thread knows of the job.

    A phase is cut into pieces, and each thread takes the next piece that nobody has. A thread
    waits only for pieces that somebody is at, so the job ends even if no other thread ever comes.
    """

    var counters: Counters  # of its present phase
    var phases: Int  # that are left
    var threads: Int

    # ANCHOR: share
    @always_inline
    def share[Work: def(Int) -> None](mut self, pieces: Int, work: Work):
        """Does the pieces of a phase, 0 to pieces - 1, and returns when all are done."""
        if self.phases == 0:
            abort("a job has more phases than it was started with")
        self.phases -= 1
        var taken = self.counters
        var done = self.counters.unsafe_offset(1)
        while True:
            var piece = Int(Counter.fetch_add(taken, 1))
            if piece >= pieces:
                break
            work(piece)
            _ = Counter.fetch_add(done, 1)
        while Int(Counter.load(done)) < pieces:
            pass
        self.counters = self.counters.unsafe_offset(CACHE_LINE)
        # ANCHOR_END: share

    def share_of(self, count: Int) -> Int:
        """How many of count things a piece should have."""
        var pieces = PIECES * self.threads
        return (count + pieces - 1) // pieces


def together[Job: def(mut Member) -> None](phases: Int, job: Job) raises:
    """Has all threads do a job of at most so many phases."""
    var counters = List[Int64](length=(phases + 1) * CACHE_LINE, fill=0)
    var first_end = counters.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
    var first_phase = first_end.unsafe_offset(CACHE_LINE)
    ref absent = Absent.get_or_create_ptr()[]
    var began = Int(perf_counter_ns())
    if absent[0] > 0 and began - absent[1] > absent[2]:
        absent[0], absent[1] = absent[0] - 1, began
    var threads = max(1, thread_count() - absent[0])

    def take_part(thread: Int) {imm}:
        var member = Member(first_phase, phases, threads)
        job(member)
        if Counter.load(first_end) == 0:
            Counter.store(first_end, Int64(perf_counter_ns()))

    sync_parallelize(take_part, threads)
    var now = Int(perf_counter_ns())
    if now - Int(first_end.unsafe_load(0)) > max(LATE, (now - began) // 2):
        var a_while = min(2 * absent[2], LONGEST) if now - absent[1] < absent[2] else A_WHILE
        absent = [thread_count() - threads + 1, now, a_while]
    _ = counters^


def thread_count() -> Int:
    """As many as gpt2.threads.choose_threads chose; at most, those of MAX."""
    var most = parallelism_level(None)
    try:
        return min(most, max(1, Int(getenv("GPT2_THREADS"))))
    except:
        return most
