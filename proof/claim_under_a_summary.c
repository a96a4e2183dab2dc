// A block without an owner has one unit, and a summary has the sum of its slots. The block is claimed, which ends the
// summary, and its next owner adds. A reader sums all slots, as it finds the summary ended, or hasn't seen it; and then
// sums again.
//
// Must not be: a second sum by the summary that is less than the first.
//
// holds
// fails: -DNO_FENCE_IN_CLAIM
// fails: -DNO_FENCE_IN_READ (in `Directory::is_still`)
// fails: -DNO_LOOK (a read by a summary doesn't look whether it has ended)
#include "program.h"

// The epoch is odd while a summary is in force.
static word slot, sum_of_idle, epoch;

// Directory::publish_summary, and then Registry::claim and the add
THREAD(summarizer_and_next_owner) {
    store(sum_of_idle, 1, relaxed);
    store(epoch, 1, release);
    store(epoch, 2, release);
#ifndef NO_FENCE_IN_CLAIM
    fence(release);
#endif
    store(slot, load(slot, relaxed) + 1, relaxed);
    return 0;
}

// Directory::read
static int sum(void) {
    int now = load(epoch, acquire), found = now % 2 ? load(sum_of_idle, relaxed) : load(slot, relaxed);
#ifndef NO_LOOK
    if (now % 2) {
#ifndef NO_FENCE_IN_READ
        fence(acquire);
#endif
        if (load(epoch, relaxed) != now)
            found = load(slot, relaxed);
    }
#endif
    return found;
}

THREAD(reader) {
    int first = sum();
    assert(first <= sum());
    return 0;
}

int main(void) {
    store(slot, 1, relaxed);
    pthread_t threads[] = {start(summarizer_and_next_owner), start(reader)};
    for (int i = 0; i < 2; i++)
        join(threads[i]);
}
