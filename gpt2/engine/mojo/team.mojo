"""Threads that go through the phases of a job together.

To start threads and to wait for their end takes some 15 microseconds, and a block has up to
eleven phases, each of which needs the whole of the one before. So threads are started once for
all of them, and between two phases they look at a counter until it is time to go on.
"""

from max.algorithm.backend.cpu.parallelize import sync_parallelize
from max.runtime.asyncrt import parallelism_level
from std.atomic import Atomic

comptime Counter = Atomic[Int64]
comptime Counters = Pointer[Int64, MutUntrackedOrigin]
comptime CACHE_LINE = 8  # counters: each phase has a line, so that phases do not disturb each other
comptime PIECES = 4  # for a thread: who is slowed down takes fewer


@fieldwise_init
struct Member:
    """What one thread knows of the job.

    A phase is cut into pieces, and each thread takes the next piece that nobody has. A thread
    waits only for pieces that somebody is at, so the job ends even if no other thread ever comes.
    """

    var counters: Counters  # of its present phase
    var threads: Int

    # ANCHOR: share
    @always_inline
    def share[Work: def(Int) -> None](mut self, pieces: Int, work: Work):
        """Does the pieces of a phase, 0 to pieces - 1, and returns when all are done."""
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


def together[Job: def(mut Member) -> None](phases: Int, job: Job):
    """Has all threads do a job of at most so many phases."""
    var counters = List[Int64](length=phases * CACHE_LINE, fill=0)
    var first = counters.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
    var threads = parallelism_level(None)

    def take_part(thread: Int) {imm}:
        var member = Member(first, threads)
        job(member)

    sync_parallelize(take_part, threads)
    _ = counters^
