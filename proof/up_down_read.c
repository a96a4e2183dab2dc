// One thread adds to an up-down counter, and another one, which knows of that, subtracts; a third one reads.
//
// Must not be: a sum below zero, or one of an addition that was gone before the next.
//
// holds
// fails: -DUP_STORE=relaxed -DDOWN_STORE=relaxed
// fails: -DDOWN_STORE=relaxed
// fails: -DNO_FENCE_IN_READ
// fails: -DUP_FIRST (the additions are summed before the subtractions)
// holds: -DALTERNATES (one thread adds and subtracts, twice)
// fails: -DALTERNATES -DUP_STORE=relaxed
// fails: -DALTERNATES -DREAD_ONCE (the subtractions aren't summed again)
#include "program.h"

#ifndef UP_STORE
#define UP_STORE release
#endif
#ifndef DOWN_STORE
#define DOWN_STORE release
#endif

static word up[2], down[2], is_added;

// OwnSlot::add_side
#define add(slot, order) store(slot, load(slot, relaxed) + 1, order)

#ifdef ALTERNATES
THREAD(adder) {
    for (int round = 0; round < 2; round++) {
        add(up[0], UP_STORE);
        add(down[0], DOWN_STORE);
    }
    return 0;
}
#else
THREAD(adder) {
    add(up[0], UP_STORE);
    store(is_added, 1, release);
    return 0;
}
#endif

THREAD(subtracter) {
    if (load(is_added, acquire))
        add(down[1], DOWN_STORE);
    return 0;
}

// Registry::side_sum
static int sum(word *slots) {
    int sum = load(slots[0], relaxed) + load(slots[1], relaxed);
#ifndef NO_FENCE_IN_READ
    fence(acquire);
#endif
    return sum;
}

// Registry::up_down_total, of one attempt more. It is 16 in the sources, after which the least total counts.
THREAD(reader) {
#ifdef UP_FIRST
    int added = sum(up), total = added - sum(down);
    assert(total == 0 || total == 1);
#else
    int before = sum(down), total = sum(up) - before;
    assert(total >= 0);
#ifdef READ_ONCE
    assert(total <= 1);
#else
    if (sum(down) == before)
        assert(total <= 1);
#endif
#endif
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(adder), start(subtracter), start(reader)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
}
