/* The floor: what no program on this PC can be faster than. A client of PC/SC with nothing to do but wait for one
 * reader, and a bare white window that is there from the start and only has to be mapped.
 * Prints "window ID" at start. Makes the file MARK whenever a card comes. Whoever wants the screen back unmaps it.
 * build: gcc -O2 -I/usr/include/PCSC -o floor floor.c -lpcsclite -lX11      usage: floor READER MARK */
#include <X11/Xlib.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <winscard.h>

int main(int argc, char **argv)
{
	SCARDCONTEXT context;
	SCARD_READERSTATE reader = {.dwCurrentState = SCARD_STATE_UNAWARE};
	Display *display = XOpenDisplay(NULL);
	if (argc != 3 || !display ||
	    SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS)
		return 1;
	int screen = DefaultScreen(display);
	XSetWindowAttributes look = {.override_redirect = True, .background_pixel = WhitePixel(display, screen)};
	Window cover = XCreateWindow(display, RootWindow(display, screen), 0, 0, DisplayWidth(display, screen),
				     DisplayHeight(display, screen), 0, CopyFromParent, InputOutput, CopyFromParent,
				     CWOverrideRedirect | CWBackPixel, &look);
	XSync(display, False);
	printf("window %lu\n", cover);
	fflush(stdout);
	reader.szReader = argv[1];
	while (SCardGetStatusChange(context, INFINITE, &reader, 1) == SCARD_S_SUCCESS) {
		int first = reader.dwCurrentState == SCARD_STATE_UNAWARE;
		if (reader.dwEventState & SCARD_STATE_EMPTY && !first) {
			XMapRaised(display, cover);
			XFlush(display);
		} else if (reader.dwEventState & SCARD_STATE_PRESENT) {
			close(open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		}
		reader.dwCurrentState = reader.dwEventState & ~SCARD_STATE_CHANGED;
	}
	return 1;
}
