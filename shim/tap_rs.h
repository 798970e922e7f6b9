/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 The if_tap_rs contributors */

/*
 * The whole interface between the C shim and the Rust driver, in both
 * directions.
 *
 * bindgen reads this header, and src/entry/ asserts at compile time that
 * each of its functions has the type declared here.  C uses the same
 * declarations.  C and Rust use nothing of each other that is not declared
 * in this file or in a kernel header.
 */
#ifndef TAP_RS_H
#define TAP_RS_H

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/device.h>
#include <sys/kauth.h>

struct bpf_if;
struct cfattach;
struct cfdata;
struct cfdriver;
struct cdevsw;
struct file;
struct fileops;
struct filterops;
struct if_clone;
struct ifmediareq;
struct ifnet;
struct knote;
struct lwp;
struct mbuf;
struct proc;
struct stat;
struct sysctllog;
struct uio;
struct work;

/*
 * Rust functions, called through the tables in register.c.
 */

/* The module: MODULE_CMD_INIT and MODULE_CMD_FINI. */
int	tap_rs_init(void);
int	tap_rs_fini(void);

/* autoconf(9). */
int	tap_rs_match(device_t, cfdata_t, void *);
void	tap_rs_attach(device_t, device_t, void *);
int	tap_rs_detach(device_t, int);

/* The interface cloner.  The stack holds its if_clone_mtx. */
int	tap_rs_clone_create(struct if_clone *, int);
int	tap_rs_clone_destroy(struct ifnet *);

/* The character device. */
int	tap_rs_cdev_open(dev_t, int, int, struct lwp *);
int	tap_rs_cdev_cancel(dev_t, int, int, struct lwp *);
int	tap_rs_cdev_close(dev_t, int, int, struct lwp *);
int	tap_rs_cdev_read(dev_t, struct uio *, int);
int	tap_rs_cdev_write(dev_t, struct uio *, int);
int	tap_rs_cdev_ioctl(dev_t, u_long, void *, int, struct lwp *);
int	tap_rs_cdev_poll(dev_t, int, struct lwp *);
int	tap_rs_cdev_kqfilter(dev_t, struct knote *);

/*
 * A descriptor of a cloning open.  tap_rs_fops_close returns the word that
 * the caller must decrement as its last action (see register.c).
 */
int	tap_rs_fops_read(struct file *, off_t *, struct uio *, kauth_cred_t,
	    int);
int	tap_rs_fops_write(struct file *, off_t *, struct uio *, kauth_cred_t,
	    int);
int	tap_rs_fops_ioctl(struct file *, u_long, void *);
int	tap_rs_fops_poll(struct file *, int);
int	tap_rs_fops_stat(struct file *, struct stat *);
volatile unsigned int *tap_rs_fops_close(struct file *);
int	tap_rs_fops_kqfilter(struct file *, struct knote *);
void	tap_rs_fops_restart(struct file *);

/* Knotes.  The two detach functions return a word as above. */
volatile unsigned int *tap_rs_kq_rdetach(struct knote *);
int	tap_rs_kq_revent(struct knote *, long);
volatile unsigned int *tap_rs_kq_wdetach(struct knote *);
int	tap_rs_kq_wevent(struct knote *, long);

/* The callbacks of struct ifnet and struct ifmedia. */
int	tap_rs_if_ioctl(struct ifnet *, u_long, void *);
int	tap_rs_if_init(struct ifnet *);
void	tap_rs_if_stop(struct ifnet *, int);
int	tap_rs_if_transmit(struct ifnet *, struct mbuf *);
int	tap_rs_media_change(struct ifnet *);
void	tap_rs_media_status(struct ifnet *, struct ifmediareq *);

/* The soft interrupts: one sends SIGIO, one passes frames to the stack. */
void	tap_rs_signals_intr(void *);
void	tap_rs_input_intr(void *);

/* The thread that destroys interfaces which went with their node's close. */
void	tap_rs_end_work(struct work *, void *);

/*
 * net.link.tap.tapN.  The cookie is the data of the sysctl node.  The address
 * is a NUL-terminated string in a buffer of 18 bytes.
 */
void	tap_rs_sysctl_get(void *, char *);
int	tap_rs_sysctl_set(void *, char *);

/*
 * Finds the next open interface, beginning with the given unit, whose opener
 * the calling process may see.  Returns its name, and stores its opener.  The
 * unit is advanced to the one to ask for next.  NULL when there are no more.
 */
const char *tap_rs_sysctl_opener(int *, pid_t *);

/*
 * C, used by Rust: the tables, and functions for what the kernel offers only
 * as a macro, a static inline function or a variadic function.
 */

/* register.c */
extern struct cfdriver tap_rs_cd;
extern struct cfdriver tap_rs_reserved_cd;
extern struct cfattach tap_rs_ca;
extern struct if_clone tap_rs_cloner;
extern const struct cdevsw tap_rs_cdevsw;
extern const struct fileops tap_rs_fileops;
extern const struct filterops tap_rs_rfilterops;
extern const struct filterops tap_rs_wfilterops;

/* helpers/systm.c */
void	tap_rs_kernel_lock(void);
void	tap_rs_kernel_unlock(void);
void	tap_rs_softint_schedule(void *);
struct lwp *tap_rs_curlwp(void);
struct proc *tap_rs_curproc(void);
void	tap_rs_panic(void) __dead;

/* helpers/proc.c: a process, as a number that no later process gets. */
uint64_t tap_rs_current_process(void);
pid_t	tap_rs_visible_process(uint64_t);

/* helpers/device.c */
int	tap_rs_stock_active(void);
void	tap_rs_cfdata_init(struct cfdata *, int);

/* helpers/ifnet.c */
struct tap_rs_output {		/* frames that were read */
	u_long	bytes;		/* of them that were copied */
	u_int	packets;
	u_int	mcasts;		/* those to a group */
	u_int	errors;		/* those truncated, or lost to a fault */
};
void	tap_rs_ifnet_lock(struct ifnet *);
void	tap_rs_ifnet_unlock(struct ifnet *);
void	tap_rs_bpf_mtap_out(struct ifnet *, struct mbuf *);
void	tap_rs_stat_inc(struct ifnet *, int);
void	tap_rs_stat_output(struct ifnet *, const struct tap_rs_output *);
const unsigned char *tap_rs_lladdr(const struct ifnet *);
void	tap_rs_set_lladdr(struct ifnet *, const unsigned char *);
int	tap_rs_if_destroy(const struct ifnet *);

/* helpers/input.c: a large packet for this system. */
int	tap_rs_is_member(const struct ifnet *);
int	tap_rs_is_local(struct ifnet *, const struct mbuf *);
void	tap_rs_input_local(struct ifnet *, struct mbuf *);

/* helpers/mbuf.c */
#define	TAP_RS_BUFSIZE	4032
struct mbuf *tap_rs_m_getbuf(void);
int	tap_rs_m_is_shared(const struct mbuf *);

/* helpers/sysctl.c */
int	tap_rs_sysctl_setup(struct sysctllog **, int *);
int	tap_rs_sysctl_create(int, int, const char *, void *);
int	tap_rs_sysctl_destroy(int, int);

/* helpers/log.c */
void	tap_rs_log_address(const char *, const char *);
void	tap_rs_log_error(const char *, const char *, int);
void	tap_rs_log_major(const char *, int);

#endif /* TAP_RS_H */
