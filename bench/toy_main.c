/* The gate with the bench's own protocol in place of the real ones. Usage: sallyport-toy -c POLICY --run DIR [--events FILE] [--quiet] */
#include <getopt.h>
#include <stdio.h>

#include "bench/toy.h"
#include "gate/gate.h"

static const char usage[] = "usage: sallyport-toy -c POLICY --run DIR [--events FILE] [--quiet]\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"run", required_argument, NULL, 'r'},
		{"events", required_argument, NULL, 'e'},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct gate_options gate = {.registry = bench_registry};

	for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;)
		switch (c) {
		case 'c': gate.policy = optarg; break;
		case 'r': gate.run_dir = optarg; break;
		case 'e': gate.events = optarg; break;
		case 'q': gate.quiet = true; break;
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return 2;
		}
	if (!gate.policy || !gate.run_dir || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	return (int)gate_run(&gate);
}
