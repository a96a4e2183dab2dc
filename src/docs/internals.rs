//! How the engine orders its steps, for readers and authors of its source.
//!
//! `src/engine/mod.rs` has the picture of slots, chunks and directories, the invariants, and a list
//! of words. This page has the tables that a change must keep true.
//!
//! # Locks
//! Adds to a slot and reads take no lock. Registration, thread starts and ends, and lists of names
//! take locks for a bounded time, in the order `settings`, `per_cpu`, `names`, `state`. Families of
//! the feature `dynamic-labels` have a list, and tables in shards: their locks come before `names`,
//! the list's first. A fork takes all of them, so that the child finds them free. They are std's: a
//! lock of one word survives a fork, and parking_lot's queues of waiting threads, which lie in the
//! process, don't.
//!
//! # Why no ownerless block replaces spill words
//! An add that finds no block of its own goes to a word in the counter, by a locked instruction.
//! Another design has one block that no thread owns, and such adds go to its slots: then spill
//! words, their baselines and the order in which reads enclose them would go. It doesn't hold,
//! because the adds that spill are mostly those of a counter that has no key yet: the first add
//! within an allocator or a signal handler that interrupts the cold path, which can't take the lock
//! for a registration, and the add for whose registration there is no memory or no slot. The models
//! `nested_add_counts` and `exhausted_space_spills` are of such adds. A counter without a key has
//! no slot in any block, so the spill words stay, and the ownerless block comes on top of them: 8
//! bytes more for each slot, allocated when a counter registers and not when it spills (512 KiB for
//! an array of 65,536), and one more chunk in every sum. With one more block, a sum over 8 threads
//! takes 125 instructions instead of 89, and one over 64 threads 258 instead of 239 (`valgrind
//! --tool=callgrind`).
//!
//! # Holds of a block
//! A thread's block goes back when nothing of the thread can write to it any more: when quipu's
//! thread-local with a destructor is gone and the last handle
//! ([`LocalCounter`](crate::LocalCounter)), too. Thread-locals are destroyed in an order that nobody
//! knows, so none of these may count on another. Each has a hold, and the block has their number.
//! It is a plain number: one thread alone changes it, on the cold path, so that neither an allocator
//! nor a signal handler that calls quipu comes between. The hold that ends last clears the cache
//! and gives the block back. Until then the cache stays, and the counter's own adds in later
//! destructors use the block, as do further handles.
//!
//! The order of destructors depends on the system ([`platforms`](super::platforms)); nothing but speed
//! and memory depends on it.
//!
//! A hold that ends within a cold path is not counted off: the thread may hold the registry's lock,
//! or be changing the block. Nor is the hold of a forgotten handle. Such a block stays the thread's
//! for good: reads sum it, and no other thread gets it. A summary counts blocks without an owner
//! only, so it never has a block that is held. A forked child has its thread's block with its holds;
//! those of the parent's other threads never end there, as their blocks never go back.
//!
//! A handle tests at each add whether it has a slot. Without the test it would need another place to
//! count in, which nobody else writes and reads find: a slot.
//!
//! # Orderings
//! Each with the model in `src/tests` that fails if it is relaxed, or if the step is left out.
//! `ci/mutations` tries them.
//!
//! | where | ordering | because | model |
//! |---|---|---|---|
//! | slot, load and store of an add | Relaxed | one writer; a reader wants the number only | `sum_lies_between_start_and_end_and_never_goes_down` |
//! | slot, store of an up-down counter's | Release | a thread that sees a subtraction sees the addition before it, and the other way round | `up_down_is_never_negative`, `up_down_that_alternates_is_seen_in_one_of_two_states` |
//! | fence after the loads of an up-down counter's slots, and load of its spill word | Acquire | pair with it | `up_down_is_never_negative`, `up_down_that_alternates_is_seen_in_one_of_two_states`, `up_down_is_never_negative_where_it_spills`, `up_down_in_a_snapshot_is_never_negative` |
//! | key, store | Release | publishes baselines and zeroed floats | `reused_key_starts_from_zero` |
//! | key, load of a read | Acquire | pairs with it | `float_slot_is_clear_when_reused` |
//! | key, load of an add | Relaxed | the unregistered key leads to the cold path, the other is right for ever | `key_is_registered_once` |
//! | key, load of a float add | Acquire | the slot may have been zeroed by another thread | `float_slot_is_clear_when_reused` |
//! | key, load of an observation of a peak | Acquire | as of a float add | `peak_is_clear_in_slots_that_its_thread_used` |
//! | directory's extent | Release, Acquire | publishes the page, its segment, the chunk's zeros, a summary | `chunk_growth_is_seen_whole`, `idle_block_is_claimed_under_a_summary` |
//! | fences in `summarize` and `is_still` | Release, Acquire | a sum with words of a later summary isn't returned | `sum_during_another_summary` |
//! | fence in `claim` | Release | pairs with that in `is_still`: a read after one that has an add of the new owner doesn't use the summary | `sums_by_all_chunks_and_by_an_older_summary` |
//! | the same fence | Release | a thread that sees an add of the new owner, and fences, sees what the last owner wrote before its adds | `adds_of_two_owners_show_what_came_before_them` |
//! | summary's length | Release, Acquire | publishes the pointer below it | `chunk_growth_in_the_place_of_an_idle_chunk` |
//! | baseline, pointer to its chunk | Release, Acquire | publishes the zeros | `sum_against_takes` |
//! | baseline, load | Acquire | the slots are at least what it was made from | `sum_against_takes` |
//! | baseline, compare-exchange of a take | Release | pairs with that load | `sum_against_takes` |
//! | number of takes of an up-down counter, store and load | Release, Acquire | the baselines are those of that take or a later one | `takes_of_an_up_down_counter_take_both_parts_at_once` |
//! | baseline, load for a compare-exchange | Acquire | the next total is at least the baseline | `takes_share_every_unit` |
//! | fences in `value` and `advance` | Acquire, Release | a total with an add after a take isn't set against the baseline before it | `reset_against_add` |
//! | spill word, update | read-modify-write | any thread may be there | `nested_adds_of_two_threads_count` |
//! | key of a gauge, end of a change to the own word | Release | the registration that stores the key has the last of these changes | `gauge_is_registered_beside_a_nested_set` |
//! | key of a gauge, compare-exchange of a registration | AcqRel | pairs with it; publishes the word | `gauge_is_registered_beside_a_nested_set`, `gauge_is_registered_beside_a_nested_add` |
//! | word of a gauge | Relaxed | a reader wants the number only | `gauge_has_the_last_of_two_sets_beside_a_nested_set` |
//! | fence in `values_of` | Acquire | as in `value`, for the values of a histogram | `reset_against_observation` |
//! | fences after the epoch of a peak is stored, and before it is loaded again | SeqCst | the reader that ends a window sees the value, or its thread sees the new window | `every_reader_has_every_value` |
//! | epoch of a peak, store and load | Release, Acquire | a thread that sees it sees that its half was cleared | `lower_value_is_in_the_next_window_but_one` |
//! | holds of a series, end of one and look for others | Release, Acquire | what its owner added is in the total that is taken once nobody else holds it | `add_against_removal` |
//! | mark of a series that is gone, and its load by a look-up in the cache | Relaxed | a thread that knows of the removal finds the mark, by coherence; nothing else depends on it | `removal_against_cached_look_up` |
//! | number of a family's series | Relaxed, read-modify-write | each series has one of it as long as it is in a table | `limit_is_never_exceeded` |
//! | block, from thread to thread | the registry's lock | its values are seen by the next owner | `block_is_claimed_again_with_its_values` |
//!
//! # Steps
//! Actions in their order, with the model or test that fails without them.
//!
//! | where | step | because | model |
//! |---|---|---|---|
//! | add | its slot is the thread's own, and the thread reads it again | no add is lost | `thread_reads_its_own_adds` |
//! | add | all that it made is published before what the thread publishes next | reads have what happens-before them | `sum_includes_what_happens_before_it` |
//! | add | goes to the spill word within a cold path, and when slots are exhausted | it never waits, and is never lost | `nested_add_counts`, `exhausted_space_spills` |
//! | element of an array | is made of an index below the length alone | its adds go to slots of the array | `there_is_no_element_past_the_end` |
//! | add in a destructor | claims a block for itself, and gives it back, unless the thread still holds one | the thread's own may have a new owner | `add_in_a_thread_local_destructor_counts` |
//! | handle in a destructor | as an add, but keeps the block as long as it lives | as above | `handle_in_a_thread_local_destructor_counts` |
//! | end of a thread | the last hold gives the block back, and none before it | a handle that is left still writes to it | `handle_keeps_its_block_after_the_first_hold`, `last_of_two_handles_gives_the_block_back` |
//! | end of a thread | the cache is cleared | the block may have a new owner | `a_thread_has_slots_until_it_gives_its_block_back` |
//! | handle within a cold path | has no slot, and its end leaves the block held | the thread may hold the lock, or be changing the block | `handles_within_a_cold_path_take_no_lock` |
//! | chunk | begins on a line of its own | slots of two threads share none | `chunks_share_no_line` |
//! | growth | the lock is held; each chunk id has a directory of its own | threads that push at once lose no chunk | `chunk_growth_is_seen_whole`, `second_chunk_is_seen_whole` |
//! | registration | the key is looked at again under the lock | two threads agree on it | `key_is_registered_once`, `key_of_a_named_counter_is_registered_once`, `reused_key_is_registered_once` |
//! | registration in used slots | baselines begin at what is found, those of spill words at zero | the last counter's units aren't the new one's | `reused_key_starts_from_zero`, `reused_key_starts_from_zero_in_a_slot_of_another_thread` |
//! | registration in used slots | floats are zeroed | as above, without rounding | `float_slot_is_clear_when_reused` |
//! | registration in used slots | an up-down counter's number of takes is zeroed | the next take is its first | `reused_slots_start_without_takes` |
//! | registration by an add | panics where a name clashes, if assertions are on and no panic goes on already | tests see the mistake, and other builds count | `an_add_that_registers_a_clash_panics_where_assertions_are_on`, `an_add_in_a_panic_does_not_panic` |
//! | change of a gauge without a key | is counted in the word for the key while it lasts, and a registration stores the key only where it counts none | the own word stays as it is once there is a key | `gauge_is_registered_beside_a_nested_set`, `gauge_is_registered_beside_a_nested_add` |
//! | registration of a gauge | the name is taken back where the key can't be stored | the key may be another gauge's next | `gauge_is_registered_beside_a_nested_set` |
//! | metric of a family, without slots | its word has its row, and a registration lists it there | the row has its labels | `rows_are_listed_by_threads_at_once`, `every_type_of_metric` |
//! | change of a gauge without a key | is counted below the row, and never in it | as above | `changes_are_counted_beside_the_row` |
//! | registration of a row | a row has the texts of the first one of its family | rows of one name have one help text | `families_of_one_name_and_labels_are_shown_as_one` |
//! | registration of a row, and of a name that clashes | every row of the family is marked | whichever is the first, the clash is found | `a_name_that_clashes_with_any_row_is_listed` |
//! | drop | a row without counters stays where it only grows, and as long as another row of its family has one | exporters take an absence for a restart | `a_dropped_family_leaves_its_totals_to_the_next`, `a_row_keeps_the_name_of_a_family_that_is_not_over` |
//! | drop | a row of gauges without any goes, and a family without counters whose name another one has | nobody misses a gauge; the other one is shown | `a_dropped_gauge_takes_its_row_along`, `a_total_without_counters_gives_way_to_another_kind` |
//! | set of a gauge | stores the new value less the own word | the value is the sum of both | `gauge_has_the_last_of_two_sets_beside_a_nested_set` |
//! | gauge without a name | has its own word alone, with a key or without | the word at the key is what a counter's slots had | `without_a_name_it_may_be_registered` |
//! | used slot | the word of the gauge that gets it is zeroed | the gauge starts at zero | `one_in_the_place_of_a_dropped_one_begins_at_zero` |
//! | snapshot of a gauge | adds what the own word has, which the registration leaves beside the key | as above | `gauge_in_a_snapshot_beside_its_first_set` |
//! | snapshot of a gauge of floats | takes turns with `set`s | it sees both parts of a `set`, or none | `float_gauge_in_a_snapshot_beside_a_set` |
//! | used float slot | its gauge's base is cleared, too | the next counter's total starts at zero | `one_in_the_place_of_a_dropped_one_begins_at_zero` |
//! | drop | the name goes before the slots do, and these when no pass is left that began before | a name doesn't show another counter's slots | `snapshot_during_reuse`, `snapshot_during_reuse_of_a_gauge` |
//! | drop | the counter goes by the same change that adds what it had to its name's total, and leaves its number | a snapshot counts it once, whenever it copied the total and whenever the counter | `snapshot_during_a_drop`, `snapshot_during_the_drop_of_an_array` |
//! | drop | totals are replaced if they are still those that were added to | two drops keep what both had | `snapshot_during_two_drops` |
//! | registration | the first name enters this copy in the process's list, under the lock of the names | other readers find its counters; a fork, which takes the lock, copies no list that is half changed | `this_copy_shows_its_counters_to_other_readers` |
//! | snapshot | the plan is made anew when a counter comes or goes | a counter is shown whole, or not at all | `snapshot_during_registration` |
//! | snapshot | of a name the oldest family is shown, and no other once one is | a name has one meaning | `snapshot_while_a_name_changes_hands`, `a_family_of_other_labels_has_one_clash` |
//! | snapshot | goes on behind the row that it met last, whatever came before it meanwhile | it has every row that was there at its start | `rows_beyond_a_piece`, `snapshot_while_an_earlier_row_is_listed` |
//! | registration of a named counter | enters this copy of quipu in the list of sources | other versions show its counters | `this_copy_shows_its_counters_to_other_readers` |
//! | snapshot | asks the other sources, without a lock, and merges their samples | one registry a process | `each_of_two_versions_shows_the_counters_of_both` |
//! | sum | subtractions first, the spill words around the slots | as in invariant 9 | `up_down_is_never_negative`, `up_down_is_never_negative_where_it_spills`, `up_down_is_never_negative_where_the_addition_spills` |
//! | sum | restarts where a baseline moved, of the slots or of the spill words | as for the fences | `reset_against_add`, `reset_against_add_where_it_spills`, `reset_against_add_in_a_snapshot` |
//! | read of a histogram | restarts where a baseline moved, of a slot or of a spill word | as for the fence | `reset_against_observation`, `reset_against_observation_where_it_spills` |
//! | total of a histogram | subtracts what was in the slots when it got them | it has nothing of counters that had them before | `total_in_used_slots` |
//! | observation of a peak | looks at the epoch again after a store, and repeats where that was raised | a value that comes late is in the next window | `every_reader_has_every_value` |
//! | end of a peak's window | clears the sums of idle threads' slots, too | the counter that has these slots next starts at what it finds | `peak_is_cleared_under_a_summary` |
//! | end of a peak's window | clears the half of the next one first, and exchanges the spill word for nothing | a value is in a window, and in no later one | `windows_have_no_value_of_an_earlier_one`, `spilled_value_is_in_one_window` |
//! | registration in used slots | those of a peak are zeroed | as of floats; sums of idle chunks are zeroed, too | `peak_in_used_slots_is_clear` |
//! | all reads | walk the same groups of chunks | a read has what one before it saw in a chunk that neither knows of | `snapshot_has_what_a_sum_before_it_had`, `snapshot_has_what_a_take_before_it_had` |
//! | read of an up-down counter | compares the number of takes, too | a baseline that comes back hides the takes between | `up_down_sum_against_resets`, `up_down_in_a_snapshot_against_resets` |
//! | take of an up-down counter | under the lock, if its number is still the next | a unit is in one take | `takes_of_an_up_down_counter_that_comes_back` |
//! | take of an up-down counter | writes the two words that the last take left unused | a read has the baselines of one take | `takes_of_an_up_down_counter_take_both_parts_at_once` |
//! | claim of an idle block | ends the summaries first | an add in it is seen by a read that it happens-before | `idle_block_is_claimed_under_a_summary`, `up_down_is_never_negative_where_an_idle_block_has_the_addition`, `up_down_is_never_negative_where_an_idle_block_has_the_subtraction` |
//! | claim of an idle block | its summary isn't published | it would lack the adds of the new owner | `idle_block_is_claimed_while_it_is_summed_up` |
//! | change of a summary | a claim of a block that is added or subtracted meanwhile drops it | as above | `idle_block_is_claimed_while_it_is_subtracted`, `idle_block_is_claimed_while_it_is_added` |
//! | change of a summary | it covers the chunks that it did before | it lacks a group that was appended meanwhile | `chunk_growth_while_a_summary_counts_more_blocks` |
//! | change of a summary | sums of floats that come to zero are made anew | slots that cancel each other out look like cleared ones | `float_sums_that_come_to_zero_are_made_anew` |
//! | growth | a summary covers the new group, or ends | a read has what happens-before it | `chunk_growth_under_a_summary`, `chunk_growth_under_a_full_summary` |
//! | read whose summary ended | loads the length anew | it has the chunks that the summary had | `sums_before_and_after_the_end_of_a_summary` |
//! | clearing of a float slot | the sums of idle chunks, too, and no summary begins | the next counter starts at zero | `float_slot_is_cleared_under_a_summary` |
//! | take | sums again before each exchange | takes telescope | `takes_share_every_unit`, `takes_of_an_up_down_counter_share_every_unit`, `takes_of_a_float_counter_share_every_unit` |
//! | take | of the spill words only where the slots have baselines | a read that finds none doesn't look for those of the spill words | `baselines_find_no_memory` |
//! | cursor | keeps a total, which takes do not change | cursors disturb no one | `cursors_deltas_add_up` |
//! | total | is read again where the key changed meanwhile | it has nothing of counters that had the slots before | `total_of_a_reused_key_starts_from_zero`, `cursor_of_a_reused_key_starts_from_zero` |
//! | look-up | finds or makes a series in one hold of its shard's lock | texts have one series | `make_against_make` |
//! | look-up | compares the texts, after their hash | texts of one hash may differ | `texts_that_differ_in_any_byte_are_not_equal` |
//! | look-up | goes to the table where the cached series is gone | nobody finds it again | `removal_against_cached_look_up` |
//! | look-up | leaves the cache as it is while a series from it is in use | no entry holds that series any longer | `look_ups_nest` |
//! | look-up | goes to the overflow series within a cold path | the lock may be the thread's own | `a_family_has_what_is_added_within_its_own_work` |
//! | look-up | makes a series only below the limit | clients can't fill memory | `limit_is_never_exceeded`, `threads_that_make_series_at_once_never_exceed_the_limit`, `what_exceeds_a_limit_goes_to_the_overflow_series` |
//! | handle of a series | is made only if the series isn't gone, and a sweep takes out only a series without a handle, each in one change of a word | a handle's series is shown | `handle_against_eviction` |
//! | removal of a series | keeps it while somebody else holds it, then adds its total to the family's sums, in one hold of the list's lock | no unit is lost, and none counts twice | `add_against_removal`, `total_against_removal`, `make_against_eviction` |
//! | total of a family | finds all series, those that went and may be in use included, in one hold of the list's lock | as above | `total_against_removal`, `a_handle_outlives_the_removal_of_its_series` |
//! | fork | takes the locks of the families, too | the child finds them free | `a_child_forked_amid_work_never_hangs` |
//! | all that locks | does nothing within a cold path of the same thread | the lock may be the thread's own | `tests/allocators/within_allocator.rs` |
//! | fork | the handlers are registered before the first work, by a constructor | a fork runs those that it finds at its start | `tests/forks/first_use.rs` |
//! | fork | the child forgets the passes of other threads | nobody would end them | `a_forked_child_has_no_passes_of_other_threads` |
//! | fork | quipu allocates before it registers them | an allocator's own, registered by its first allocation, run within quipu's | `tests/forks/allocator.rs` |
//!
//! The fences order a take before the later adds of the thread that took.
//! [`docs::correctness`](super::correctness) has what that leaves open.
