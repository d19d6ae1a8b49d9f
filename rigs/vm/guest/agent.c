/*
 * Process 1 of the virtual machine: starts commands for the host and carries their bytes over one virtio-serial port.
 *
 * A frame is: length of the payload (u32, little-endian), number of the command (u32), kind (u8), payload. Kinds are in
 * ../channel.ts too. When the host goes away, the machine powers off.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START = 1, INPUT = 2, SIGNAL = 3, SIZE = 4, POWEROFF = 5 };
enum { HELLO = 0, STDOUT = 1, STDERR = 2, EXIT = 3 };
enum { HEADER = 9, MOST = 64, CHUNK = 65536, LONGEST = 16 << 20, FULL = 4 << 20 };

struct command {
  uint32_t id;
  pid_t pid; /* 0: this place is free */
  int in, out, err;
  int tty, ended, status, eof;
  char *queue; /* input that the command has not taken yet */
  size_t queued;
};

static struct command commands[MOST];
static int port;

static void power_off(void) {
  sync();
  reboot(RB_POWER_OFF);
  _exit(0);
}

static void write_all(const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t done = write(port, bytes, size);
    if (done < 0 && errno != EINTR && errno != EAGAIN) power_off();
    if (done > 0) bytes += done, size -= done;
  }
}

static void put32(char *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = value >> (8 * i);
}

static uint32_t get32(const char *at) {
  const unsigned char *bytes = (const unsigned char *)at;
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void say(uint32_t id, int kind, const char *bytes, size_t size) {
  static char frame[HEADER + CHUNK];
  put32(frame, size);
  put32(frame + 4, id);
  frame[8] = kind;
  memcpy(frame + HEADER, bytes, size);
  write_all(frame, HEADER + size);
}

static void shut(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void set_size(int fd, const char *rows_and_columns) {
  struct winsize size = {.ws_row = get32(rows_and_columns), .ws_col = get32(rows_and_columns + 4)};
  ioctl(fd, TIOCSWINSZ, &size);
}

/* What the child does between fork and exec. `slave` is its terminal, or NULL for pipes. */
static void become(char *cwd, char **env, char **argv, const char *slave, int in, int out, int err) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  setsid();
  if (slave != NULL) {
    in = out = err = open(slave, O_RDWR);
    ioctl(in, TIOCSCTTY, 0);
  }
  dup2(in, 0), dup2(out, 1), dup2(err, 2);
  for (int fd = 3; fd < 512; fd++) close(fd);
  struct rlimit files = {1024, 1 << 20};
  setrlimit(RLIMIT_NOFILE, &files);
  if (chdir(cwd) != 0) {
    dprintf(2, "rig: no folder %s in the virtual machine: %s\n", cwd, strerror(errno));
    _exit(126);
  }
  environ = env;
  execvp(argv[0], argv);
  int missing = errno == ENOENT;
  dprintf(2, "rig: %s: %s in the virtual machine\n", argv[0], missing ? "command not found" : strerror(errno));
  _exit(missing ? 127 : 126);
}

/* Payload: terminal or not, rows, columns, count of variables, count of arguments (u32 each); cwd, variables, arguments. */
static void start(uint32_t id, char *payload, size_t size) {
  struct command *free_place = NULL;
  for (int i = 0; i < MOST && free_place == NULL; i++)
    if (commands[i].pid == 0) free_place = &commands[i];
  uint32_t variables = get32(payload + 12), arguments = get32(payload + 16);
  char **list = calloc(variables + arguments + 3, sizeof *list);
  char *at = payload + 20, *end = payload + size;
  char *cwd = at;
  at += strlen(at) + 1;
  for (uint32_t i = 0; i < variables + arguments && at < end; i++, at += strlen(at) + 1)
    list[i + (i >= variables)] = at;
  int tty = get32(payload), in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, master = -1, fine = 1;
  const char *slave = NULL;
  if (tty) {
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    fine = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0;
    slave = fine ? ptsname(master) : NULL;
    set_size(master, payload + 4);
  } else {
    fine = pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0;
  }
  pid_t pid = fine && free_place != NULL ? fork() : -1;
  if (pid == 0) become(cwd, list, list + variables + 1, slave, in[0], out[1], err[1]);
  free(list);
  shut(&in[0]), shut(&out[1]), shut(&err[1]);
  if (pid < 0) {
    const char *words = "rig: the virtual machine cannot start another command\n";
    say(id, STDERR, words, strlen(words));
    char status[4];
    put32(status, 126);
    say(id, EXIT, status, 4);
    shut(&in[1]), shut(&out[0]), shut(&err[0]), shut(&master);
    return;
  }
  *free_place = (struct command){.id = id, .pid = pid, .tty = tty, .in = in[1], .out = out[0], .err = err[0]};
  if (tty) free_place->in = dup(master), free_place->out = master;
  fcntl(free_place->in, F_SETFL, O_NONBLOCK);
  fcntl(free_place->in, F_SETFD, FD_CLOEXEC);
  fcntl(free_place->out, F_SETFL, O_NONBLOCK);
  if (!tty) fcntl(free_place->err, F_SETFL, O_NONBLOCK);
}

/* Hands queued input to the command as far as it takes it. */
static void feed(struct command *command) {
  while (command->queued > 0 && command->in >= 0) {
    ssize_t done = write(command->in, command->queue, command->queued);
    if (done < 0 && errno == EAGAIN) return;
    if (done < 0) {
      command->queued = 0;
      shut(&command->in);
      return;
    }
    command->queued -= done;
    memmove(command->queue, command->queue + done, command->queued);
  }
  if (command->eof) shut(&command->in);
}

static void input(struct command *command, const char *bytes, size_t size) {
  if (command->in < 0) return;
  if (size == 0 && command->tty) bytes = "\4", size = 1; /* VEOF */
  if (size == 0) command->eof = 1;
  char *larger = realloc(command->queue, command->queued + size + 1);
  if (larger == NULL) return;
  command->queue = larger;
  memcpy(larger + command->queued, bytes, size);
  command->queued += size;
  feed(command);
}

static void handle(uint32_t id, int kind, char *payload, size_t size) {
  if (kind == POWEROFF) power_off();
  if (kind == START) {
    start(id, payload, size);
    return;
  }
  for (int i = 0; i < MOST; i++) {
    struct command *command = &commands[i];
    if (command->pid == 0 || command->id != id) continue;
    if (kind == INPUT) input(command, payload, size);
    if (kind == SIZE && command->tty) set_size(command->out, payload);
    if (kind == SIGNAL && !command->ended) kill(-command->pid, get32(payload));
  }
}

/* Reads what came from the host and handles the frames that are whole. */
static void from_host(void) {
  static char *buffer;
  static size_t filled, room;
  if (room - filled < CHUNK) buffer = realloc(buffer, room = filled + 2 * CHUNK);
  ssize_t size = read(port, buffer + filled, CHUNK);
  if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) power_off();
  if (size < 0) return;
  filled += size;
  size_t at = 0;
  while (filled - at >= HEADER) {
    uint32_t length = get32(buffer + at);
    if (length > LONGEST) power_off();
    if (filled - at < HEADER + length) break;
    /* A copy with a NUL behind it, so that strings end. */
    char *payload = calloc(length + 24, 1);
    memcpy(payload, buffer + at + HEADER, length);
    handle(get32(buffer + at + 4), buffer[at + 8], payload, length);
    free(payload);
    at += HEADER + length;
  }
  filled -= at;
  memmove(buffer, buffer + at, filled);
}

/* Passes on one read's worth; returns whether there may be more. */
static int drain(struct command *command, int *fd, int kind) {
  static char bytes[CHUNK];
  if (*fd < 0) return 0;
  ssize_t size = read(*fd, bytes, sizeof bytes);
  if (size > 0) say(command->id, kind, bytes, size);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) shut(fd);
  return size > 0;
}

static void reap(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    for (int i = 0; i < MOST; i++)
      if (commands[i].pid == pid) {
        commands[i].ended = 1;
        commands[i].status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
      }
  for (int i = 0; i < MOST; i++) {
    struct command *command = &commands[i];
    if (command->pid == 0 || !command->ended) continue;
    /* What the pipes hold is the command's; a daemon that it left behind may keep them open for ever. */
    for (int turn = 0; turn < 32 && drain(command, &command->out, STDOUT); turn++) {}
    for (int turn = 0; turn < 32 && drain(command, &command->err, STDERR); turn++) {}
    shut(&command->in), shut(&command->out), shut(&command->err);
    free(command->queue);
    char status_bytes[4];
    put32(status_bytes, command->status);
    say(command->id, EXIT, status_bytes, 4);
    memset(command, 0, sizeof *command);
  }
}

int main(void) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  signal(SIGPIPE, SIG_IGN);
  int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  for (int tries = 0; (port = open("/dev/vport0p1", O_RDWR | O_CLOEXEC)) < 0 && tries < 100; tries++) usleep(20000);
  if (port < 0) {
    perror("rig: /dev/vport0p1");
    power_off();
  }
  struct utsname name;
  uname(&name);
  say(0, HELLO, name.release, strlen(name.release));

  for (;;) {
    struct pollfd polled[2 + 3 * MOST] = {{.fd = port, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    for (int i = 0; i < MOST; i++) {
      struct command *command = &commands[i];
      int used = command->pid != 0;
      if (command->queued > FULL) polled[0].fd = -1; /* until the command has taken its input */
      polled[2 + 3 * i] = (struct pollfd){.fd = used ? command->out : -1, .events = POLLIN};
      polled[3 + 3 * i] = (struct pollfd){.fd = used ? command->err : -1, .events = POLLIN};
      polled[4 + 3 * i] = (struct pollfd){.fd = used && command->queued > 0 ? command->in : -1, .events = POLLOUT};
    }
    if (poll(polled, sizeof polled / sizeof *polled, -1) < 0) continue;
    for (int i = 0; i < MOST; i++) {
      struct command *command = &commands[i];
      if (polled[2 + 3 * i].revents) drain(command, &command->out, STDOUT);
      if (polled[3 + 3 * i].revents) drain(command, &command->err, STDERR);
      if (polled[4 + 3 * i].revents) feed(command);
    }
    if (polled[0].fd >= 0 && polled[0].revents) from_host();
    struct signalfd_siginfo information;
    while (read(signals, &information, sizeof information) > 0) {}
    reap();
  }
}
