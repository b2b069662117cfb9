/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Orders to a job's parent: methods of org.helicopter1.Parent, called for somebody who is answered when the parent has
 * answered. */

#include "daemon/job.h"

/*
 * A call of a method of the job's parent, to be filled in and sent. Returns 0, or a negative errno and sets *error:
 * TargetGone when the job has ended, ParentLost when its parent is not connected. A parent whose connection dozes is woken; one that
 * does not wake in time never gets the order.
 */
int order_new(Job *job, const char *method, sd_bus_message **ret_order, sd_bus_error *error);

/* What is done with the parent's answer, in place of passing on that it succeeded or failed. */
typedef struct OrderHooks {
        int (*reply)(sd_bus_message *call, sd_bus_message *answer, void *userdata); /* replies to call */
        void (*failed)(const sd_bus_error *error, void *userdata);                  /* before the error is passed on */
        GDestroyNotify free; /* called last, whatever happened; not when order_send() fails */
        void *userdata;
        uint64_t timeout;    /* for the parent to answer, in microseconds; 0: as usual */
        uint64_t extra_time; /* beyond that */
} OrderHooks;

/*
 * Send an order. call: who is answered with the parent's answer or error, or NULL. hooks: copied; NULL for none.
 * 0, or a negative errno and *error set: ParentLost when the connection has just gone.
 */
int order_send(Job *job, sd_bus_message *order, sd_bus_message *call, const OrderHooks *hooks, sd_bus_error *error);

/* A parent has woken: it gets the orders that were held back for that. */
void orders_send_held(Peer *peer);

/* The connection has ended: whoever waits for an answer is told. */
void orders_end(Peer *peer);

/* Set *error for a parent that does not know what it is asked for. Returns the negative errno of it. */
int order_set_too_old(const char *job_name, sd_bus_error *error);

/* A `reply` that passes on whatever the answer holds. */
int order_pass_answer(sd_bus_message *call, sd_bus_message *answer, void *userdata);
