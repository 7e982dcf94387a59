// What can befall a world: what its users do, and what goes wrong.
import { faults } from './faults.js';
import { users } from './users.js';

export const acts = { ...users, ...faults };

export type ActName = keyof typeof acts;
