// One thread adds, resets and adds again; another one reads. The total goes 1, 0, 1.
//
// Must not be: a sum of both units, the second one against the baseline before the reset.
//
// holds
// fails: -DNO_FENCE_AFTER_RESET
// fails: -DNO_FENCE_IN_READ
// fails: -DBY_ANOTHER_THREAD (a third party to the reset, which the sources leave open)
#include "program.h"

static word slots[2], baseline, is_reset;

#define add(slot) store(slot, load(slot, relaxed) + 1, relaxed)

static int total(void) { return load(slots[0], relaxed) + load(slots[1], relaxed); }

// Registry::advance
static void reset(void) {
    int found = load(baseline, acquire);
    atomic_compare_exchange_strong_explicit(&baseline, &found, total(), release, relaxed);
#ifndef NO_FENCE_AFTER_RESET
    fence(release);
#endif
}

THREAD(resetter) {
    reset();
#ifdef BY_ANOTHER_THREAD
    store(is_reset, 1, release);
#else
    add(slots[0]);
#endif
    return 0;
}

#ifdef BY_ANOTHER_THREAD
THREAD(adder) {
    if (load(is_reset, acquire))
        add(slots[1]);
    return 0;
}
#endif

// Registry::value, which tries again where the baseline has moved.
THREAD(reader) {
    for (int attempt = 0; attempt < 2; attempt++) {
        int before = load(baseline, acquire), sum = total() - before;
#ifndef NO_FENCE_IN_READ
        fence(acquire);
#endif
        if (load(baseline, acquire) == before) {
            assert(sum == 0 || sum == 1);
            return 0;
        }
    }
    return 0;
}

int main(void) {
    add(slots[0]);
    pthread_t threads[] = {start(resetter), start(reader)};
#ifdef BY_ANOTHER_THREAD
    join(start(adder));
#endif
    for (int i = 0; i < 2; i++)
        join(threads[i]);
}
