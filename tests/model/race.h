/* Many connections that place at once. */
#ifndef TESTS_MODEL_RACE_H
#define TESTS_MODEL_RACE_H

/* 32 connections place bids and asks at one price, all at the same time, again and again. After each
 * round the book is not crossed, no order traded more or less than it lost, and no money came or
 * went. */
void race_test(int rounds);

#endif
