/* test_zoo.c - what the diagnosis says to each behaviour, however many threads there are, whatever
 * a message is made of, and however it was recorded. */
#include <criterion/criterion.h>

#include "behaviours.h"
#include "judgement.h"

static void nothing_is_wrong(const struct behaviour *behaviour, const struct shape *shape,
                             void *context) {
  const enum recording *recordings = context;
  struct run run = process_live(shape, behaviour->plan, behaviour->argument);
  for (enum recording recording = 0; recording < *recordings; recording++) {
    struct judgement judgement = judge_run(&run, recording);
    cr_expect_str_empty(judgement.errors, "%s, %u to %u threads, %s, %s: %s", behaviour->name,
                        shape->producers, shape->consumers, form_names[shape->form],
                        recording_names[recording], judgement.errors);
  }
  run_free(&run);
}

static void judge_all_shapes(const char *name, enum recording recordings) {
  const struct behaviour *found = behaviour_find(name);
  cr_assert_not_null(found);
  behaviour_shapes(found, 1, nothing_is_wrong, &recordings);
}

#define ZOO(name, sentence)                                                                        \
  Test(zoo, sentence, .timeout = 120) {                                                            \
    judge_all_shapes(#name, RECORDINGS);                                                           \
  }
/* A sample doesn't show it yet. */
#define ZOO_UNSAMPLED(name, sentence)                                                              \
  Test(zoo, sentence, .timeout = 120) {                                                            \
    judge_all_shapes(#name, RECORDING_SAMPLED);                                                    \
  }

ZOO(overloaded_by_a_twentieth, a_queue_that_grows_by_a_twentieth_of_what_comes_is_unbounded)
ZOO(overloaded_by_a_third, a_queue_that_gets_a_third_too_much_is_unbounded)
ZOO(overloaded_twice, a_queue_that_gets_twice_too_much_is_unbounded)
ZOO(overloaded_five_times, a_queue_that_gets_five_times_too_much_is_unbounded)
ZOO(steady, a_queue_without_any_chance_in_it_is_unbounded)
ZOO(drained, an_unbounded_queue_that_is_drained_afterwards_was_one)
ZOO(freed_at_exit, an_unbounded_queue_that_is_freed_at_exit_was_one)
ZOO(killed, an_unbounded_queue_is_one_when_the_process_is_killed)
ZOO(in_batches, an_unbounded_queue_may_be_drained_in_batches)
ZOO(drained_in_batches, a_queue_that_is_still_drained_in_batches_when_all_has_come_was_unbounded)
ZOO(overloaded_in_bursts, a_queue_that_has_not_got_over_a_burst_when_the_next_comes_is_unbounded)
ZOO(by_priority, an_overloaded_queue_by_priority_is_unbounded)
ZOO(event_loop, an_event_loop_can_fall_behind_itself)
ZOO(event_loop_drained, an_event_loop_that_fell_behind_and_caught_up_had_an_unbounded_queue)
ZOO(pooled_nodes, a_queue_of_pooled_nodes_is_seen_by_its_payload)
ZOO(grown_payloads, a_queue_of_messages_that_grew_by_realloc_is_unbounded)
ZOO(shared_sites, of_two_queues_that_share_their_sites_one_is_unbounded)
ZOO(slows_down, a_queue_whose_consumer_gets_slow_is_unbounded_from_then_on)
ZOO(hangs, a_consumer_that_hangs_is_noticed)
ZOO(retries, a_queue_in_which_some_are_tried_again_is_unbounded)
ZOO(urgent_ones, a_queue_in_which_some_overtake_is_unbounded)
ZOO(from_everywhere, a_queue_that_is_filled_from_hundreds_of_places_is_unbounded)
ZOO(from_a_recursion, a_queue_that_is_filled_from_hundreds_of_stacks_of_a_recursion_is_unbounded)
ZOO(from_everywhere_freed, a_queue_of_hundreds_of_places_that_is_freed_at_exit_was_unbounded)
ZOO(bounded_from_everywhere, a_bound_is_found_however_many_places_send)
ZOO(healthy_from_everywhere, a_consumer_that_keeps_up_with_hundreds_of_places_has_a_healthy_queue)
ZOO(overloaded_stack, an_overloaded_stack_of_work_grows)
ZOO(drained_in_one_go, a_queue_that_is_drained_when_all_has_come_is_no_burst)
ZOO(walked_list, a_list_that_is_made_in_a_moment_and_then_walked_through_is_no_queue)
ZOO(worked_off, what_one_thread_collects_and_then_works_off_is_a_burst)
ZOO(printed_at_the_end, what_one_thread_collects_and_prints_at_the_end_is_a_burst)
ZOO(late_rise, a_hiccup_at_the_start_does_not_hide_an_overload_to_the_end)
ZOO(paused_sender, a_sender_that_is_held_up_while_it_fills_fills_a_queue_all_the_same)
ZOO(bounded_to_4, a_bound_of_4_is_found)
ZOO(bounded_to_16, a_bound_of_16_is_found)
ZOO(bounded_to_64, a_bound_of_64_is_found)
ZOO(bounded_to_1000, a_bound_of_1000_is_found)
ZOO_UNSAMPLED(low_watermark, a_queue_whose_senders_wait_for_a_low_watermark_is_bounded)
ZOO_UNSAMPLED(credits, a_queue_whose_credits_are_given_back_in_halves_is_bounded)
ZOO(drops_newest, a_queue_that_turns_away_what_comes_is_bounded)
ZOO(drops_oldest, a_queue_that_throws_away_what_waited_longest_is_bounded)
ZOO_UNSAMPLED(overwritten_texts, a_ring_of_texts_that_begin_smaller_throws_away_what_waited_longest)
ZOO(stalled, a_queue_that_nobody_drains_is_stalled_or_a_leak)
ZOO(leaking, a_leak_of_some_messages_of_a_healthy_queue_is_no_unbounded_queue)
ZOO(mm1, a_consumer_that_keeps_up_has_a_healthy_queue)
ZOO(healthy_priority, a_queue_by_priority_that_keeps_up_is_healthy)
ZOO(healthy_stack, a_stack_of_work_that_keeps_up_is_healthy)
ZOO(healthy_loop, an_event_loop_that_keeps_up_is_healthy)
ZOO(healthy_pooled, a_healthy_queue_of_pooled_nodes_is_healthy)
ZOO(bursts, bursts_come_and_go)
ZOO(sawtooth, what_is_collected_and_done_at_once_is_a_burst)
ZOO(pauses, a_consumer_that_pauses_and_catches_up_has_bursts)
ZOO(begins_late, a_consumer_that_begins_late_and_catches_up_has_a_burst)
ZOO(diurnal, a_load_that_goes_up_and_down_makes_bursts)
ZOO(passed_on, a_message_that_is_passed_on_to_a_second_queue_waits_in_that)
ZOO(copied_on, of_two_queues_one_behind_the_other_the_second_is_unbounded)
ZOO(two_queues, of_two_queues_in_one_process_each_is_judged_by_itself)
ZOO(lru_hits, a_cache_with_hits_is_a_cache)
ZOO(lru_few_hits, a_cache_with_few_hits_is_a_cache)
ZOO(lru_scan, a_cache_without_hits_is_a_cache)
ZOO(random_cache, a_cache_with_random_replacement_is_a_cache)
ZOO(pool, a_pool_whose_last_comes_first_is_a_pool)
ZOO(logging_ring, a_ring_of_log_lines_is_a_cache)
ZOO(index_freed, an_index_that_is_freed_at_exit_is_no_queue_that_is_drained)
ZOO(index_slowing, an_index_that_grows_slower_and_slower_is_no_queue)
ZOO(losses, what_grows_and_loses_any_of_its_items_is_no_unbounded_queue)
ZOO(leak, a_leak_is_a_leak)
ZOO(settings, what_comes_at_the_start_and_stays_is_startup)
ZOO(settings_freed, what_comes_at_the_start_and_goes_at_the_end_is_startup)
ZOO(arenas, an_arena_that_is_freed_at_once_is_a_burst)
ZOO(one_arena, an_arena_that_is_freed_once_is_no_unbounded_queue)
ZOO(garbage, what_is_swept_now_and_then_is_a_burst)
ZOO(churn, short_lives_are_churn)
ZOO(delay_line, what_is_held_for_a_fixed_time_has_no_bound)
ZOO(delay_line_ramp, what_is_held_for_a_fixed_time_is_no_queue_when_more_and_more_comes)
ZOO(delay_line_step, what_is_held_for_a_fixed_time_has_no_bound_when_suddenly_more_comes)
ZOO(ttl_cache, what_expires_has_no_bound)
ZOO(ttl_cache_step, what_expires_is_no_queue_when_suddenly_more_comes)
ZOO(connections, what_lives_for_some_time_has_no_bound)
ZOO(connections_ramp, what_lives_for_some_time_is_no_queue_when_more_and_more_comes)
ZOO(double_buffer, a_double_buffer_is_harmless)
ZOO(sessions, sessions_that_are_replaced_are_a_cache)
ZOO(requests_in_flight, requests_in_flight_that_are_answered_in_any_order_are_no_cache)
ZOO(requests_in_flight_evenly, requests_in_flight_that_are_answered_almost_in_order_are_no_cache)
ZOO(widening_window, a_window_that_widens_is_no_queue)
ZOO(torn_down, a_structure_that_is_taken_down_in_the_order_of_its_making_is_no_queue)
ZOO(torn_down_in_steps, a_structure_that_is_taken_down_a_few_at_a_time_is_no_queue)
ZOO(scattered_cache, a_cache_that_is_filled_from_hundreds_of_places_is_a_cache)
ZOO(scattered_churn, short_lives_at_hundreds_of_places_are_no_queue)
ZOO(scattered_tables, what_is_replaced_at_hundreds_of_places_is_no_queue)
ZOO(scattered_lives, what_lives_for_some_time_has_no_bound_wherever_it_was_made)
ZOO(scattered_garbage, what_is_made_at_hundreds_of_places_and_swept_is_a_burst)
ZOO(scattered_leak, a_leak_at_hundreds_of_places_is_a_leak)
ZOO(everybody, what_hundreds_of_handlers_do_each_for_itself_is_no_queue)
ZOO(leak_and_queue, beside_a_leak_an_unbounded_queue_is_found)
ZOO(leak_and_healthy_queue, beside_a_leak_a_healthy_queue_is_healthy)
ZOO(futures, a_pool_of_threads_with_futures_is_harmless)
