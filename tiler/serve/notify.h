/*
 * notify.h - tells the service manager how far we are (systemd, Type=notify).
 *
 * Sends one datagram to the socket that $NOTIFY_SOCKET names; does nothing where there is none.
 *
 * Source: sd_notify(3), "READY=1", "RELOADING=1" with MONOTONIC_USEC, "STOPPING=1".
 */
#ifndef SISETU_TILER_NOTIFY_H
#define SISETU_TILER_NOTIFY_H

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
