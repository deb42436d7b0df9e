/* A virtual reader that behaves like a USB reader with an interrupt endpoint, for tests of the real chain.
 *
 * A pcscd driver (IFD handler 3.0) on vpcd's card protocol, with what vpcd lacks:
 *  - it wakes pcscd when a card comes or goes (TAG_IFD_POLLING_THREAD_WITH_TIMEOUT) instead of being polled;
 *  - every removal is reported absent for one look at least, however soon the next card comes;
 *  - while the file UNPLUGGED exists the reader is gone: every call fails.
 *
 * gcc -shared -fPIC -I/usr/include/PCSC -o virtual_reader.so virtual_reader.c -lpthread
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wintypes.h>

#include <ifdhandler.h>

#define FOLDER "/run/pcscd"
#define UNPLUGGED FOLDER "/unplugged"
#define LONGEST 65535

enum { POWER_OFF = 0, POWER_ON = 1, RESET = 2, GIVE_ATR = 4 };

/* One reader is all that tests need. `state` guards the fields, `wire` one exchange with the card. */
static struct {
	int listening, card, folder, wake, quit;
	int removal_unseen;   /* absent must still be told to the thread that watches for pcscd */
	int removal_reported; /* it has been told; true until that thread comes back to wait */
	pthread_t hardware, watching;
	pthread_mutex_t state, wire;
} reader;

static void signal_fd(int fd) { eventfd_write(fd, 1); }

static int unplugged(void) { return access(UNPLUGGED, F_OK) == 0; }

static void take_card_off(void)
{
	pthread_mutex_lock(&reader.state);
	int card = reader.card;
	reader.card = -1;
	reader.removal_unseen = 1;
	pthread_mutex_unlock(&reader.state);
	shutdown(card, SHUT_RDWR); /* ends an exchange under way, so that `wire` comes free */
	pthread_mutex_lock(&reader.wire);
	close(card);
	pthread_mutex_unlock(&reader.wire);
}

static void take_card_in(void)
{
	int one = 1, card = accept4(reader.listening, NULL, NULL, SOCK_CLOEXEC);
	if (card < 0)
		return;
	setsockopt(card, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	pthread_mutex_lock(&reader.state);
	reader.card = card;
	pthread_mutex_unlock(&reader.state);
}

/* Plays the hardware: notices cards and the plug by itself, and wakes pcscd. */
static void *hardware(void *unused)
{
	(void)unused;
	for (;;) {
		struct pollfd on[] = {
			{ reader.quit, POLLIN, 0 },
			{ reader.folder, POLLIN, 0 },
			/* the next card waits until the one that lies there has gone */
			{ reader.card < 0 ? reader.listening : reader.card, reader.card < 0 ? POLLIN : POLLRDHUP, 0 },
		};
		if (poll(on, 3, -1) < 0)
			continue;
		if (on[0].revents)
			return NULL;
		if (on[1].revents) {
			char names[sizeof(struct inotify_event) + NAME_MAX + 1];
			if (read(reader.folder, names, sizeof names) < 0)
				return NULL;
		}
		if (on[2].revents && reader.card >= 0)
			take_card_off();
		else if (on[2].revents)
			take_card_in();
		signal_fd(reader.wake);
	}
}

static int listen_on(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 16) == 0)
		return fd;
	close(fd);
	return -1;
}

RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
	(void)Lun;
	reader.card = -1;
	reader.removal_unseen = reader.removal_reported = 0;
	pthread_mutex_init(&reader.state, NULL);
	pthread_mutex_init(&reader.wire, NULL);
	reader.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reader.quit = eventfd(0, EFD_CLOEXEC);
	reader.folder = inotify_init1(IN_CLOEXEC);
	reader.listening = listen_on(Channel);
	if (reader.listening < 0 || inotify_add_watch(reader.folder, FOLDER, IN_CREATE | IN_DELETE) < 0 ||
	    pthread_create(&reader.hardware, NULL, hardware, NULL))
		return IFD_COMMUNICATION_ERROR;
	return IFD_SUCCESS;
}

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
	char *colon = strrchr(DeviceName, ':'); /* "/dev/null:PORT", as for vpcd */
	return colon ? IFDHCreateChannel(Lun, strtoul(colon + 1, NULL, 10)) : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCloseChannel(DWORD Lun)
{
	(void)Lun;
	signal_fd(reader.quit);
	pthread_join(reader.hardware, NULL);
	if (reader.card >= 0)
		close(reader.card);
	close(reader.listening);
	close(reader.folder);
	close(reader.quit);
	close(reader.wake);
	return IFD_SUCCESS;
}

/* pcscd waits in here, and then asks IFDHICCPresence, more than once for one look (1.9.9 asks twice). */
static RESPONSECODE wait_for_event(DWORD Lun, int timeout)
{
	(void)Lun;
	struct pollfd on = { reader.wake, POLLIN, 0 };
	eventfd_t events;
	pthread_mutex_lock(&reader.state);
	reader.watching = pthread_self();
	if (reader.removal_reported) {
		reader.removal_unseen = reader.removal_reported = 0;
		if (reader.card >= 0)
			signal_fd(reader.wake); /* the next card already lies there: have it asked again at once */
	}
	pthread_mutex_unlock(&reader.state);
	if (poll(&on, 1, timeout) > 0)
		eventfd_read(reader.wake, &events);
	return unplugged() ? IFD_NO_SUCH_DEVICE : IFD_SUCCESS;
}

static RESPONSECODE stop_waiting(DWORD Lun)
{
	(void)Lun;
	signal_fd(reader.wake);
	return IFD_SUCCESS;
}

static int receive(int fd, unsigned char *to, size_t length)
{
	for (size_t have = 0; have < length;) {
		ssize_t part = recv(fd, to + have, length - have, 0);
		if (part <= 0)
			return -1;
		have += part;
	}
	return 0;
}

/* Returns the answer's length (0 if none is wanted), -1 if the card is gone or its answer is too long. */
static ssize_t exchange(const unsigned char *request, size_t length, unsigned char *answer, size_t room, int wanted)
{
	unsigned char frame[2 + LONGEST];
	ssize_t result = -1;
	pthread_mutex_lock(&reader.wire);
	int card = reader.card;
	if (card >= 0 && length <= LONGEST) {
		frame[0] = length >> 8;
		frame[1] = length;
		memcpy(frame + 2, request, length);
		if (send(card, frame, length + 2, MSG_NOSIGNAL) == (ssize_t)(length + 2)) {
			if (!wanted) {
				result = 0;
			} else if (receive(card, frame, 2) == 0) {
				size_t answered = frame[0] << 8 | frame[1];
				if (receive(card, frame, answered) == 0 && answered <= room) {
					memcpy(answer, frame, answered);
					result = answered;
				}
			}
		}
	}
	pthread_mutex_unlock(&reader.wire);
	return result;
}

static RESPONSECODE give_flag(PUCHAR Value, PDWORD Length, UCHAR flag)
{
	if (*Length < 1)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	*Value = flag;
	*Length = 1;
	return IFD_SUCCESS;
}

static RESPONSECODE give_function(PUCHAR Value, PDWORD Length, void *function)
{
	if (*Length < sizeof function)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	memcpy(Value, &function, sizeof function);
	*Length = sizeof function;
	return IFD_SUCCESS;
}

static RESPONSECODE give_atr(PUCHAR Atr, PDWORD Length)
{
	unsigned char command = GIVE_ATR;
	ssize_t length = exchange(&command, 1, Atr, *Length, 1);
	*Length = length > 0 ? length : 0;
	return length > 0 ? IFD_SUCCESS : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
	(void)Lun;
	switch (Tag) {
	case TAG_IFD_ATR:
		return give_atr(Value, Length);
	case TAG_IFD_SLOTS_NUMBER:
	case TAG_IFD_SIMULTANEOUS_ACCESS:
	case TAG_IFD_SLOT_THREAD_SAFE:
	case TAG_IFD_THREAD_SAFE:
		return give_flag(Value, Length, 1);
	case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
		return give_function(Value, Length, (void *)wait_for_event);
	case TAG_IFD_STOP_POLLING_THREAD:
		return give_function(Value, Length, (void *)stop_waiting);
	default:
		*Length = 0;
		return IFD_ERROR_TAG;
	}
}

RESPONSECODE IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value)
{
	(void)Lun, (void)Tag, (void)Length, (void)Value;
	return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2, UCHAR PTS3)
{
	(void)Lun, (void)Protocol, (void)Flags, (void)PTS1, (void)PTS2, (void)PTS3;
	return IFD_SUCCESS;
}

RESPONSECODE IFDHControl(DWORD Lun, DWORD Code, PUCHAR Tx, DWORD TxLength, PUCHAR Rx, DWORD RxLength, LPDWORD Returned)
{
	(void)Lun, (void)Code, (void)Tx, (void)TxLength, (void)Rx, (void)RxLength;
	if (Returned)
		*Returned = 0;
	return IFD_ERROR_NOT_SUPPORTED;
}

RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
	(void)Lun;
	unsigned char command = Action == IFD_POWER_DOWN ? POWER_OFF : Action == IFD_RESET ? RESET : POWER_ON;
	if (unplugged())
		return IFD_COMMUNICATION_ERROR;
	if (exchange(&command, 1, NULL, 0, 0) < 0 && Action != IFD_POWER_DOWN) {
		*AtrLength = 0;
		return IFD_ERROR_POWER_ACTION;
	}
	if (Action == IFD_POWER_DOWN)
		return IFD_SUCCESS;
	return give_atr(Atr, AtrLength) == IFD_SUCCESS ? IFD_SUCCESS : IFD_ERROR_POWER_ACTION;
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR Tx, DWORD TxLength, PUCHAR Rx,
			       PDWORD RxLength, PSCARD_IO_HEADER RecvPci)
{
	(void)Lun;
	ssize_t length = unplugged() ? -1 : exchange(Tx, TxLength, Rx, *RxLength, 1);
	*RxLength = length > 0 ? length : 0;
	if (RecvPci)
		*RecvPci = SendPci;
	return length >= 0 ? IFD_SUCCESS : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHICCPresence(DWORD Lun)
{
	(void)Lun;
	if (unplugged())
		return IFD_NO_SUCH_DEVICE;
	pthread_mutex_lock(&reader.state);
	int gone = reader.card < 0 || reader.removal_unseen;
	if (gone && pthread_equal(pthread_self(), reader.watching))
		reader.removal_reported = 1;
	pthread_mutex_unlock(&reader.state);
	return gone ? IFD_ICC_NOT_PRESENT : IFD_ICC_PRESENT;
}
