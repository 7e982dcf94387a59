// The entry `limpet/simulator`.

export * from '../simulator/index.js';
