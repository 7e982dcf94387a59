// What can befall a world: what its users do, and what goes wrong.
import { faults } from './faults.js';
import { meetings } from './meetings.js';
import { pins } from './pin-acts.js';
import { users } from './users.js';

/** Drawn with one another. */
export const drawn = { ...users, ...faults };

/** All that there are; pins and meetings are drawn by themselves. */
export const acts = { ...drawn, ...pins, ...meetings };

export type ActName = keyof typeof acts;
