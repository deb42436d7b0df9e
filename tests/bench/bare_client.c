/* The floor: a C client of PC/SC that does nothing but wait for one reader.
 * Prints "ms-of-CLOCK_MONOTONIC present|absent|other" for every change it is told of.
 * build: gcc -O2 -I/usr/include/PCSC -o bare_client bare_client.c -lpcsclite      usage: bare_client READER */
#include <stdio.h>
#include <time.h>
#include <winscard.h>

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

int main(int argc, char **argv)
{
	SCARDCONTEXT context;
	SCARD_READERSTATE reader = {.dwCurrentState = SCARD_STATE_UNAWARE};
	if (argc != 2 || SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS)
		return 1;
	reader.szReader = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (SCardGetStatusChange(context, INFINITE, &reader, 1) == SCARD_S_SUCCESS) {
		double at = now_ms();
		const char *what = reader.dwEventState & SCARD_STATE_PRESENT ? "present"
				   : reader.dwEventState & SCARD_STATE_EMPTY ? "absent"
									     : "other";
		printf("%.6f %s\n", at, what);
		reader.dwCurrentState = reader.dwEventState & ~SCARD_STATE_CHANGED;
	}
	return 1;
}
