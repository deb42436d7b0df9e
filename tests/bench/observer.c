/* An independent witness: an X client that looks at the whole picture, about 1,000 times a second, for pixels of
 * one colour. It knows nothing of the guard.
 * stdin:  "gone RRGGBB TIMEOUT_MS", "seen RRGGBB TIMEOUT_MS", or "bare RRGGBB TIMEOUT_MS": the floor, for which
 *         it covers the screen itself with a bare window at the moment it says "watching", and takes it away after
 * stdout: "watching MS" at once (CLOCK_MONOTONIC, ms), then "done MS" (after the first picture without a single
 *         such pixel / with at least 1,000 of them) or "timeout MS"
 * build:  gcc -O2 -o observer observer.c -lX11 -lXext */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>

#define ENOUGH 1000

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

int main(void)
{
	Display *display = XOpenDisplay(NULL);
	if (!display)
		return 1;
	int screen = DefaultScreen(display), width = DisplayWidth(display, screen), height = DisplayHeight(display, screen);
	XShmSegmentInfo segment;
	XImage *picture = XShmCreateImage(display, DefaultVisual(display, screen), DefaultDepth(display, screen), ZPixmap,
					  NULL, &segment, width, height);
	segment.shmid = shmget(IPC_PRIVATE, (size_t)picture->bytes_per_line * height, IPC_CREAT | 0600);
	segment.shmaddr = picture->data = shmat(segment.shmid, NULL, 0);
	segment.readOnly = False;
	XShmAttach(display, &segment);
	XSync(display, False);
	shmctl(segment.shmid, IPC_RMID, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	XSetWindowAttributes look = {.override_redirect = True, .background_pixel = WhitePixel(display, screen)};
	Window bare = XCreateWindow(display, RootWindow(display, screen), 0, 0, width, height, 0, CopyFromParent, InputOutput,
				    CopyFromParent, CWOverrideRedirect | CWBackPixel, &look);

	char what[8];
	unsigned colour;
	double timeout;
	while (scanf("%7s %x %lf", what, &colour, &timeout) == 3) {
		int floor = !strcmp(what, "bare"), gone = floor || !strcmp(what, "gone");
		double end = now_ms() + timeout, at;
		printf("watching %.6f\n", now_ms());
		if (floor) {
			XMapRaised(display, bare);
			XFlush(display);
		}
		for (;;) {
			double began = now_ms();
			XShmGetImage(display, RootWindow(display, screen), picture, 0, 0, AllPlanes);
			at = now_ms();
			long count = 0, pixels = (long)width * height;
			const unsigned *pixel = (const unsigned *)picture->data;
			for (long i = 0; i < pixels; i++)
				count += (pixel[i] & 0xffffff) == colour;
			if (gone ? count == 0 : count >= ENOUGH) {
				printf("done %.6f\n", at);
				break;
			}
			if (at > end) {
				printf("timeout %.6f\n", at);
				break;
			}
			double pause = began + 1.0 - now_ms();
			if (pause > 0)
				nanosleep(&(struct timespec){0, (long)(pause * 1e6)}, NULL);
		}
		if (floor) {
			XUnmapWindow(display, bare);
			XSync(display, False);
		}
	}
	return 0;
}
