/* The list of toys, the names of their reasons, and what several of them share. */
#include "test/toys/toys.h"

#include <string.h>

const struct recogniser *const toys[] = {&toy_line, &toy_carrier, &toy_trans, &toy_compound, &toy_dir,    &toy_web,   &toy_plain, &toy_sealed,
					 &toy_proxy, &toy_pace,   &toy_call,  &toy_leg,      &toy_stream, &toy_dgram, NULL};

static const struct {
	uint16_t    number;
	const char *name;
} names[] = {
#define X(number, name, text) {number, text},
	TOY_REASONS(X)
#undef X
	{T_UNSAFE, "toy.unsafe"},
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

const char *toy_reason_name(uint16_t number)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].number == number)
			return names[i].name;
	return number ? reason_of(number)->id : "none";
}

uint16_t toy_reason_by_name(const char *name)
{
	const struct reason *reason = reason_by_id(name);

	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].number;
	return reason ? reason->number : R_NONE;
}

const struct recogniser *toy_by_name(const char *name)
{
	for (size_t i = 0; toys[i]; i++)
		if (strcmp(toys[i]->name, name) == 0)
			return toys[i];
	return NULL;
}

void toy_answer(struct cx *cx, const char *text, size_t n)
{
	if (n > ANSWER_MAX - cx->answer_len)
		return;
	memcpy(cx->answer + cx->answer_len, text, n);
	cx->answer_len += n;
}

struct step toy_refuse(struct cx *cx, const struct in *in, uint16_t why, uint32_t at, uint64_t n, const char *field)
{
	struct wire w = wire_over(in->bytes, in->len, &cx->fault, T_SHORT);

	wire_fail(&w, at, why, field);
	return step_refuse(n);
}

void toy_fact(struct cx *cx, unsigned which, uint64_t number)
{
	cx->fact[which] = (struct fact){.state = FACT_NUMBER, .number = number};
}

int toy_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : -1;
}
