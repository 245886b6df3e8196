/*
 * Talkers counts the frames that a tap device receives by who sent them, until nobody
 * has sent one for two seconds.
 *
 *	talkers device
 */
#include <sys/types.h>
#include <net/ethernet.h>
#include <net/if_tap.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <map>
#include <string>
#include <vector>

// A device is open as long as the value lives. One read is one frame, so this is no
// std::fstream, which reads until its buffer is full.
class device {
public:
	explicit device(const char *name) : fd(open(name, O_RDWR))
	{
		if (fd < 0)
			err(1, "%s", name);
	}
	~device() { close(fd); }
	device(const device &) = delete;
	device &operator=(const device &) = delete;

	// next is the next frame; it is empty if none came in time.
	std::vector<u_char> next(int milliseconds)
	{
		struct pollfd ready = {fd, POLLIN, 0};
		std::vector<u_char> frame(TAPMRU);
		ssize_t n = 0;

		if (poll(&ready, 1, milliseconds) < 0)
			err(1, "poll");
		if (ready.revents != 0 && (n = read(fd, frame.data(), frame.size())) < 0)
			err(1, "read");
		frame.resize(static_cast<size_t>(n));
		return frame;
	}

private:
	int fd;
};

int
main(int argc, char *argv[])
{
	std::map<std::string, unsigned> frames;

	if (argc != 2)
		errx(64, "usage: talkers device");
	device tap(argv[1]);
	for (;;) {
		std::vector<u_char> frame = tap.next(2000);

		if (frame.empty())
			break;
		if (frame.size() >= ETHER_HDR_LEN)
			frames[ether_ntoa(reinterpret_cast<const ether_addr *>(&frame[ETHER_ADDR_LEN]))]++;
	}
	for (const auto &[sender, count] : frames)
		std::cout << sender << ": " << count << " frames\n";
	return 0;
}
