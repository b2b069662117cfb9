/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/order.h"

#include <errno.h>
#include <time.h>

#include "daemon/peer.h"
#include "daemon/pending.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/log.h"

/* Above what a parent takes at most: it waits for a Python that is starting, takes one lease back and gives another. */
#define ORDER_TIMEOUT (20 * G_USEC_PER_SEC)

typedef struct Order {
        Manager *manager;
        Peer *peer; /* the parent, which lists the order; NULL: it is over */
        char *job_name;
        sd_bus_message *call; /* NULL: nobody waits */
        OrderHooks hooks;
        int64_t until;           /* the parent has to answer, by g_get_monotonic_time() */
        sd_bus_message *held;    /* to be sent when the parent has woken; NULL: it was sent */
        sd_event_source *waking; /* until then */
        bool answered;
} Order;

static void answer_error(Order *order, const sd_bus_error *error) {
        order->answered = true;
        if (order->hooks.failed)
                order->hooks.failed(error, order->hooks.userdata);
        if (order->call && order->manager->ends)
                return; /* the loss of the connection says more: it is the daemon that goes, not the parent */
        if (order->call)
                sd_bus_reply_method_error(order->call, error);
        else if (!order->hooks.failed)
                log_warning("Job %s: %s", order->job_name, error->message);
}

/* On every end of the order, also when the connection is closed before an answer came. */
static void end(Order *order) {
        if (!order->peer)
                return;
        if (!order->answered) {
                g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

                sd_bus_error_setf(&error, HELICOPTER_ERROR_PARENT_LOST,
                        "Job %s: the connection to its helicopter-parent was lost.", order->job_name);
                answer_error(order, &error);
        }
        if (order->hooks.free)
                order->hooks.free(order->hooks.userdata);
        order->waking = sd_event_source_disable_unref(order->waking);
        g_clear_pointer(&order->held, sd_bus_message_unref);
        /* Not before: what was called may have sent another, and the connection must not doze between the two. */
        g_queue_remove(&order->peer->orders, order);
        order->peer = NULL;
        if (order->call)
                pending_remove(order->manager, order->call);
        g_clear_pointer(&order->call, sd_bus_message_unref);
}

static void order_free(void *userdata) {
        Order *order = userdata;

        end(order);
        g_free(order->job_name);
        g_free(order);
}

int order_set_too_old(const char *job_name, sd_bus_error *error) {
        return sd_bus_error_setf(error, HELICOPTER_ERROR_PARENT_TOO_OLD,
                "Job %s: its helicopter-parent is older than the daemon, and cannot do this.", job_name);
}

static bool is_of_bus(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT);
}

static void answer_silence(Order *order) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        sd_bus_error_setf(
                &error, HELICOPTER_ERROR_PARENT_LOST, "Job %s: its helicopter-parent did not answer.", order->job_name);
        answer_error(order, &error);
}

/* What sd-bus itself says of a call without an answer, or of a method that is not there, in our words. A parent does not name its job. */
static void answer_bus_error(Order *order, const sd_bus_error *from_parent) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        if (is_of_bus(from_parent)) {
                answer_silence(order);
                return;
        }
        if (sd_bus_error_has_name(from_parent, SD_BUS_ERROR_UNKNOWN_METHOD) ||
                sd_bus_error_has_name(from_parent, SD_BUS_ERROR_UNKNOWN_INTERFACE))
                order_set_too_old(order->job_name, &error);
        else /* of what it is asked for alone */
                sd_bus_error_setf(&error, from_parent->name, "Job %s: %s", order->job_name,
                        from_parent->message ?: from_parent->name);
        answer_error(order, &error);
}

/* The parent's answer is not what it should be: the caller must not wait for another. */
static void answer_nonsense(Order *order, int r) {
        log_warning("Job %s: cannot pass an answer on: %s.", order->job_name, g_strerror(-r));
        if (order->call)
                sd_bus_reply_method_errorf(order->call, HELICOPTER_ERROR_PARENT_LOST,
                        "Job %s: the answer of its helicopter-parent cannot be understood.", order->job_name);
}

static int set_lost(sd_bus_error *error, const Job *job) {
        if (job_is_launched(job))
                return sd_bus_error_setf(error, HELICOPTER_ERROR_TIMEOUT,
                        "Job %s is being started, and has no helicopter-parent yet.", job->name);
        return sd_bus_error_setf(error, HELICOPTER_ERROR_PARENT_LOST,
                "Job %s: its helicopter-parent (pid %u) is not connected.", job->name, job->parent_pid);
}

/* Where this is sd-bus's own answer, after the deadline, it goes on to read unless it is told that all was seen to. */
static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error) {
        Order *order = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(answer);
        int r = 0;

        if (!order->peer)
                return 0;
        if (error && is_of_bus(error)) {
                order->peer->silent = true;
        } else if (!peer_message_taken(order->peer)) {
                answer_nonsense(order, -EBADMSG);
                return 1;
        }
        if (error) {
                answer_bus_error(order, error);
                return 1;
        }
        order->answered = true;
        if (order->hooks.reply)
                r = order->hooks.reply(order->call, answer, order->hooks.userdata);
        else if (order->call)
                r = sd_bus_reply_method_return(order->call, NULL);
        if (r < 0)
                answer_nonsense(order, r);
        return 1;
}

static uint64_t time_to_answer(const OrderHooks *hooks) {
        return (hooks->timeout ? hooks->timeout : ORDER_TIMEOUT) + hooks->extra_time;
}

static int send(Order *order, sd_bus_message *message) {
        sd_bus_slot *slot = NULL;
        int64_t left;
        int r;

        left = MAX(order->until - g_get_monotonic_time(), 1);
        r = sd_bus_call_async(order->peer->bus, &slot, message, on_answer, order, (uint64_t) left);
        if (r < 0)
                return r;
        sd_bus_slot_set_destroy_callback(slot, order_free);
        sd_bus_slot_set_floating(slot, true);
        sd_bus_slot_unref(slot);
        return 0;
}

static int on_waking_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        Order *order = userdata;

        order->peer->silent = true;
        answer_silence(order);
        order_free(order);
        return 0;
}

/*
 * Until the parent has said something, it may still read the answers to its authentication, and sd-bus hangs up where
 * descriptors come along with those (seen with 252 and 262).
 */
static int hold(Order *order, sd_bus_message *message) {
        int r;

        r = sd_event_add_time(order->manager->event, &order->waking, CLOCK_MONOTONIC, (uint64_t) order->until, 0,
                on_waking_timeout, order);
        if (r >= 0)
                order->held = sd_bus_message_ref(message);
        return r;
}

void orders_send_held(Peer *peer) {
        for (GList *link = peer->orders.head; link;) {
                Order *order = link->data;
                g_autoptr(sd_bus_message) message = g_steal_pointer(&order->held);

                link = link->next;
                if (!message)
                        continue;
                order->waking = sd_event_source_disable_unref(order->waking);
                if (send(order, message) < 0)
                        order_free(order);
        }
}

void orders_end(Peer *peer) {
        Order *order;

        while ((order = g_queue_peek_head(&peer->orders))) {
                if (order->held)
                        order_free(order);
                else /* it is freed by sd-bus, which may be later than the peer is */
                        end(order);
        }
}

int order_new(Job *job, const char *method, sd_bus_message **ret_order, sd_bus_error *error) {
        if (job_has_ended(job))
                return sd_bus_error_setf(error, HELICOPTER_ERROR_TARGET_GONE, "Job %s has ended.", job->name);
        if (!job->peer || peer_wake(job->peer) < 0)
                return set_lost(error, job);
        return sd_bus_message_new_method_call(
                job->peer->bus, ret_order, NULL, HELICOPTER_PARENT_OBJECT, HELICOPTER_PARENT_INTERFACE, method);
}

int order_send(Job *job, sd_bus_message *message, sd_bus_message *call, const OrderHooks *hooks, sd_bus_error *error) {
        Order *order;
        int r;

        r = call ? pending_check(job->manager, call, error) : 0;
        if (r < 0)
                return r;
        if (call)
                pending_add(job->manager, call);
        order = g_new(Order, 1);
        *order = (Order) {
                .manager = job->manager,
                .peer = job->peer,
                .job_name = g_strdup(job->name),
                .call = sd_bus_message_ref(call),
                .hooks = hooks ? *hooks : (OrderHooks) {},
        };
        order->until = g_get_monotonic_time() + (int64_t) time_to_answer(&order->hooks);
        g_queue_push_tail(&order->peer->orders, order);
        r = order->peer->wakes ? hold(order, message) : send(order, message);
        if (r >= 0)
                return 0;
        order->answered = true; /* by whoever gets what is returned here */
        order->hooks.free = NULL;
        order_free(order);
        /* The connection has ended, and its end has not been dispatched yet. */
        return r == -ENOTCONN || r == -ECONNRESET ? set_lost(error, job) : sd_bus_error_set_errno(error, r);
}

int order_pass_answer(sd_bus_message *call, sd_bus_message *answer, void *userdata) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_copy(reply, answer, true);
        return r < 0 ? r : sd_bus_message_send(reply);
}
